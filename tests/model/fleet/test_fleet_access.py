"""The text that names a Prometheus: read, written again, and refused without quoting a secret."""

import re
from pathlib import Path

import pytest

from stormdeck.model.fleet.access import Secret, parse_access, split_accesses


def read(text):
    return parse_access(text, lambda url: url, lambda name: Path("/home/ann") / name)


def test_a_url_alone_is_enough():
    assert str(read("http://prom:9090")) == "http://prom:9090"


def test_everything_that_can_be_named_is_written_again():
    text = (
        "https://mimir/prometheus,user=ann,password=file:/run/pw,header=X-Key:env:KEY,tenant=ml|ops,ca=/etc/ca.pem,"
        "only=cluster=prod,only=zone=eu-1,model=served,instance=host,host=node"
    )
    access = read(text)
    assert str(access) == text
    assert access.only == (("cluster", "prod"), ("zone", "eu-1"))
    assert read(str(access)) == access


def test_spaces_after_commas_and_relative_files_are_taken():
    access = read("http://prom:9090, bearer=file:token")
    assert access.bearer == Secret(file=Path("/home/ann/token"))


WRONG = {
    "bearer=hunter2": "bearer= expects env:VARIABLE or file:PATH",
    "bearer=env:": "bearer= expects",
    "bearer=env:1 2": "bearer= expects",
    "user=ann,password=hunter2": "password= expects",
    "user=ann": "user= and password= belong together",
    "password=env:PW": "user= and password= belong together",
    "user=a:b,password=env:PW": "colon",
    "bearer=env:A,user=ann,password=env:PW": "not both",
    "bearer=env:A,bearer=env:B": "given twice",
    "header=X-Key:hunter2": "header=X-Key:= expects",
    "header=X Key:env:A": "header= expects NAME:SECRET",
    "header=Host:env:A": "cannot set Host",
    "tenant=a b": "tenant= expects",
    "only=cluster": "only= expects LABEL=VALUE",
    "only=a-b=c": "the name of a label",
    "model=a b": "the name of a label",
    "hunter2": "found no =",
    "toke=env:hunter2": "found another key",
    "beare=env:A": "did you mean bearer?",
    "ca=": "ca= has no value",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_said_and_no_secret_is_quoted(text):
    with pytest.raises(ValueError, match=re.escape(WRONG[text])) as caught:
        read(f"http://prom:9090,{text}")
    assert "hunter2" not in str(caught.value)


def test_a_variable_names_several():
    assert split_accesses(" http://a:9090  http://b:9090, tenant=x\n") == ["http://a:9090", "http://b:9090, tenant=x"]
