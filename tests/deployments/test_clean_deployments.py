"""Clean stacks stay clean: no finding, ``status`` 0, and the panel says that all is well."""

from served import WITH_MESSAGES, client_settings, served
from servers import vllm


def test_a_vllm_in_the_open(home, deployment, only_what_is_named):
    with served(vllm(**WITH_MESSAGES)) as (url,):
        home.write(client_settings(url))
        seen = deployment("vLLM, direct")
    assert (seen.code, seen.codes, seen.state) == (0, [], "ok")
