"""Options: defaults against libzmq, ranges, types, secrets, copies."""

import pytest
import zmq as pyzmq
from hypothesis import given
from hypothesis import strategies as st

from antiphon.constants import OwnOption, SecurityMechanism, SocketType
from antiphon.constants import SocketOption as Opt
from antiphon.errors import EINVAL, OptionError, OptionTypeError
from antiphon.keys import z85_decode, z85_encode
from antiphon.options import (
    BOOL,
    BYTES,
    INT,
    KEY,
    LIVE,
    SPECS,
    TEXT,
    OptionSpec,
    SocketOptions,
    option_name,
)

ALL_SPECS = list(SPECS.values())
NUMBERS = [spec for spec in ALL_SPECS if spec.kind == INT]
SWITCHES = [spec for spec in ALL_SPECS if spec.kind == BOOL]

# What libzmq's released build does not answer, being a draft there.
DRAFTS = {Opt.ROUTER_NOTIFY, Opt.PRIORITY}
OURS = {int(option) for option in OwnOption}


def name_of(spec: OptionSpec) -> str:
    return spec.name


@pytest.mark.parametrize("spec", ALL_SPECS, ids=name_of)
def test_default_is_valid_and_has_its_type(spec: OptionSpec) -> None:
    default = getattr(SocketOptions(), spec.attribute)
    kinds = {INT: int, BOOL: bool, BYTES: bytes, TEXT: bytes, KEY: bytes}
    expected = list if spec.number == Opt.METADATA else kinds[spec.kind]
    assert type(default).__name__ == expected.__name__
    if spec.kind == INT:
        assert spec.minimum <= int(default) <= spec.maximum


@pytest.mark.parametrize(
    "spec",
    [s for s in ALL_SPECS if s.readable and s.kind != KEY and s.number not in {*DRAFTS, *OURS}],
    ids=name_of,
)
def test_default_is_that_of_libzmq(spec: OptionSpec) -> None:
    with pyzmq.Context() as context, context.socket(pyzmq.DEALER) as socket:
        assert SocketOptions().get(spec.number) == socket.get(spec.number)


def test_own_defaults() -> None:
    options = SocketOptions()
    assert options.get(OwnOption.SNDHWM_BYTES) == 64 * 2**20
    assert options.get(OwnOption.RCVHWM_BYTES) == 8 * 2**20
    assert options.get(OwnOption.MAX_FRAMES) == 65536


@pytest.mark.parametrize("spec", NUMBERS, ids=name_of)
def test_numbers_hold_their_range(spec: OptionSpec) -> None:
    options = SocketOptions()
    for value in (spec.minimum, spec.maximum):
        options.set(spec.number, value)
        expected = value - value % 100 if spec.number == Opt.HEARTBEAT_TTL else value
        assert getattr(options, spec.attribute) == expected
    before = getattr(options, spec.attribute)
    for value in (spec.minimum - 1, spec.maximum + 1, 10**30):
        with pytest.raises(OptionError, match=spec.name) as caught:
            options.set(spec.number, value)
        assert caught.value.errno == EINVAL
        assert caught.value.value == value
    assert getattr(options, spec.attribute) == before


@pytest.mark.parametrize("spec", SWITCHES, ids=name_of)
def test_switches(spec: OptionSpec) -> None:
    options = SocketOptions()
    for value in (True, 0, 1, False):
        options.set(spec.number, value)
        assert getattr(options, spec.attribute) is bool(value)
    for wrong in (2, -1):
        with pytest.raises(OptionError, match="0, 1"):
            options.set(spec.number, wrong)


@pytest.mark.parametrize("spec", ALL_SPECS, ids=name_of)
@pytest.mark.parametrize("value", [1.5, [], object()], ids=repr)
def test_wrong_types(spec: OptionSpec, value: object) -> None:
    with pytest.raises(OptionTypeError, match=spec.name):
        SocketOptions().set(spec.number, value)


@pytest.mark.parametrize("spec", ALL_SPECS, ids=name_of)
def test_what_cannot_be_read_says_so(spec: OptionSpec) -> None:
    if spec.readable:
        SocketOptions().get(spec.number)
    else:
        with pytest.raises(OptionError, match="not read"):
            SocketOptions().get(spec.number)


@pytest.mark.parametrize("option", list(Opt), ids=lambda option: option.name)
def test_every_option_of_libzmq_is_a_value_or_refused_with_a_reason(option: Opt) -> None:
    if option in SPECS or option in (Opt.HWM, Opt.IPV4ONLY):
        return
    with pytest.raises(OptionError, match=option.name) as caught:
        SocketOptions().set(option, 1)
    assert "no such option" not in str(caught.value)


@pytest.mark.parametrize("number", [0, -1, 10, 125, 10**9])
def test_unknown_options(number: int) -> None:
    with pytest.raises(OptionError, match=f"number {number}"):
        SocketOptions().set(number, 1)
    with pytest.raises(OptionError, match="no such option"):
        SocketOptions().get(number)


@pytest.mark.parametrize("option", [Opt.ROUTING_ID, Opt.CONNECT_ROUTING_ID])
def test_routing_ids(option: Opt) -> None:
    options = SocketOptions()
    for good in (b"a", b"x" * 255, b"a\0", bytearray(b"b"), memoryview(b"c")):
        options.set(option, good)
        value = getattr(options, SPECS[option].attribute)
        assert type(value) is bytes
        assert value == bytes(good)
    for bad in (b"x" * 256, b"\0abc", b"\0"):
        with pytest.raises(OptionError):
            options.set(option, bad)
    with pytest.raises(OptionTypeError):
        options.set(option, "text")


def test_an_empty_routing_id_is_refused_as_in_libzmq() -> None:
    with pytest.raises(OptionError, match="1 to 255"):
        SocketOptions().set(Opt.ROUTING_ID, b"")


def test_text_may_be_str_and_is_kept_as_bytes() -> None:
    options = SocketOptions()
    options.set(Opt.ZAP_DOMAIN, "global\u00e9")
    assert options.zap_domain == "global\u00e9".encode()
    assert options.get(Opt.ZAP_DOMAIN) == "global\u00e9".encode()
    with pytest.raises(OptionError):
        options.set(Opt.ZAP_DOMAIN, "x" * 256)
    with pytest.raises(OptionError, match="UTF-8"):
        options.set(Opt.ZAP_DOMAIN, "\ud800")


def test_what_is_clearable_can_be_taken_back() -> None:
    options = SocketOptions()
    for spec in ALL_SPECS:
        if spec.clearable:
            options.set(spec.number, b"a" * 32)
            assert getattr(options, spec.attribute)
            options.set(spec.number, None)
            assert getattr(options, spec.attribute) == b""


def test_hwm_sets_both() -> None:
    options = SocketOptions()
    options.set(Opt.HWM, 7)
    assert (options.sndhwm, options.rcvhwm, options.get(Opt.HWM)) == (7, 7, 7)


def test_ipv4only_is_the_contrary_of_ipv6() -> None:
    options = SocketOptions()
    assert options.get(Opt.IPV4ONLY) == 1
    options.set(Opt.IPV4ONLY, 0)
    assert options.ipv6
    assert options.get(Opt.IPV4ONLY) == 0


def test_heartbeat_ttl_counts_in_tenths_of_a_second() -> None:
    options = SocketOptions()
    for given_ms, kept_ms in ((99, 0), (100, 100), (1250, 1200), (6553599, 6553500)):
        options.set(Opt.HEARTBEAT_TTL, given_ms)
        assert options.heartbeat_ttl == kept_ms
    with pytest.raises(OptionError):
        options.set(Opt.HEARTBEAT_TTL, 6553600)


def test_metadata() -> None:
    options = SocketOptions()
    options.set(Opt.METADATA, b"X-one:1")
    options.set(Opt.METADATA, "X-two:a:b")
    options.set(Opt.METADATA, "X-one:3")
    assert options.metadata == [(b"X-two", b"a:b"), (b"X-one", b"3")]


@pytest.mark.parametrize("value", ["", ":", ":v", "X-a:", "X-a", "a:b", "X-" + "n" * 254 + ":v"])
def test_bad_metadata(value: str) -> None:
    with pytest.raises(OptionError, match="X-name:value"):
        SocketOptions().set(Opt.METADATA, value)


def test_subscribers_do_not_linger() -> None:
    for name in ("SUB", "XSUB", "DISH"):
        assert SocketOptions(SocketType[name]).linger == 0
    assert SocketOptions(SocketType.DEALER).linger == -1


def test_an_option_of_another_socket_type_is_refused() -> None:
    dealer = SocketOptions(SocketType.DEALER)
    with pytest.raises(OptionError, match="ROUTER"):
        dealer.set(Opt.ROUTER_MANDATORY, 1)
    router = SocketOptions(SocketType.ROUTER)
    router.set(Opt.ROUTER_MANDATORY, 1)
    assert router.router_mandatory


def test_copy_is_equal_and_independent() -> None:
    options = SocketOptions(SocketType.ROUTER)
    options.set(Opt.ROUTING_ID, b"me")
    options.set(Opt.SNDHWM, 5)
    options.set(Opt.METADATA, "X-a:b")
    options.set(Opt.PLAIN_USERNAME, "u")
    twin = options.copy()
    names = [spec.attribute for spec in ALL_SPECS] + ["mechanism", "socket_type"]
    assert [getattr(twin, n) for n in names] == [getattr(options, n) for n in names]
    twin.set(Opt.METADATA, "X-c:d")
    twin.set(Opt.SNDHWM, 6)
    assert options.metadata == [(b"X-a", b"b")]
    assert options.sndhwm == 5


def test_the_last_security_option_chooses_the_mechanism() -> None:
    options = SocketOptions()
    steps: list[tuple[Opt, object, SecurityMechanism]] = [
        (Opt.PLAIN_SERVER, 1, SecurityMechanism.PLAIN),
        (Opt.PLAIN_SERVER, 0, SecurityMechanism.NULL),
        (Opt.CURVE_SERVER, 1, SecurityMechanism.CURVE),
        (Opt.PLAIN_USERNAME, "u", SecurityMechanism.PLAIN),
        (Opt.CURVE_SERVERKEY, b"k" * 32, SecurityMechanism.CURVE),
        (Opt.CURVE_SERVERKEY, None, SecurityMechanism.NULL),
    ]
    for option, value, mechanism in steps:
        options.set(option, value)
        assert options.get(Opt.MECHANISM) == mechanism
    with pytest.raises(OptionError, match="only be read"):
        options.set(Opt.MECHANISM, 1)


def test_curve_keys_are_taken_raw_or_in_z85() -> None:
    public, _ = pyzmq.curve_keypair()
    options = SocketOptions()
    options.set(Opt.CURVE_PUBLICKEY, public)
    assert len(options.curve_publickey) == 32
    assert options.get(Opt.CURVE_PUBLICKEY) == public
    options.set(Opt.CURVE_SERVERKEY, options.curve_publickey)
    options.set(Opt.CURVE_SECRETKEY, public.decode() + "\0")
    assert options.curve_serverkey == options.curve_secretkey == options.curve_publickey
    for bad in (b"k" * 31, b"k" * 39, b"~" * 40, b"#" * 40, b"k" * 41):
        with pytest.raises(OptionError):
            options.set(Opt.CURVE_PUBLICKEY, bad)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        (Opt.PLAIN_PASSWORD, "secret" * 50),
        (Opt.CURVE_SECRETKEY, "secret" * 6),
        (Opt.SOCKS_PASSWORD, "secret"),
        (Opt.WSS_KEY_PEM, "secret\ud800"),
    ],
)
def test_no_message_shows_a_secret(option: Opt, value: str) -> None:
    with pytest.raises(OptionError) as caught:
        SocketOptions().set(option, value)
    assert "secret" not in str(caught.value)
    assert "secret" not in repr(caught.value.value)


def test_live_options_exist() -> None:
    elsewhere = {Opt.SUBSCRIBE, Opt.UNSUBSCRIBE}
    assert LIVE - set(SPECS) == elsewhere


def test_names() -> None:
    assert option_name(23) == "SNDHWM"
    assert option_name(OwnOption.MAX_FRAMES) == "MAX_FRAMES"
    assert option_name(0) == "number 0"


@given(st.binary(max_size=64).map(lambda data: data[: len(data) // 4 * 4]))
def test_z85_round_trip(data: bytes) -> None:
    encoded = z85_encode(data)
    assert z85_decode(encoded) == data


def test_z85_refuses_what_it_cannot_do() -> None:
    assert z85_encode(bytes.fromhex("864fd26fb559f75b")) == b"HelloWorld"
    assert z85_decode(b"abcd") == b""
    with pytest.raises(ValueError, match="multiples of 4"):
        z85_encode(b"abc")


@given(
    st.one_of(st.integers(-5, 130), st.sampled_from(sorted(SPECS))),
    st.one_of(st.none(), st.booleans(), st.integers(), st.binary(), st.text(), st.floats()),
)
def test_set_accepts_or_raises_option_error(number: int, value: object) -> None:
    options = SocketOptions()
    try:
        options.set(number, value)
    except OptionError as error:
        assert error.errno == EINVAL
        assert error.fix


def test_the_last_of_verbose_and_verboser_decides() -> None:
    options = SocketOptions()
    options.set(Opt.XPUB_VERBOSER, 1)
    assert (options.xpub_verbose, options.xpub_verboser) == (True, True)
    options.set(Opt.XPUB_VERBOSE, 1)
    assert (options.xpub_verbose, options.xpub_verboser) == (True, False)
    options.set(Opt.XPUB_VERBOSER, 0)
    assert (options.xpub_verbose, options.xpub_verboser) == (False, False)
