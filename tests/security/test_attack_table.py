import attack_table


def test_the_table_lists_each_attack():
    said = attack_table.TABLE.read_text(encoding="utf-8")
    assert said == attack_table.text(), "run: python tests/security/attack_table.py"
