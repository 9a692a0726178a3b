"""AMPS's own configuration: what is written is read back, each element does what it says, each mistake is one line that names it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.config_file import expand, logical, read, render, slot_prefix, slots_of
from conformance.config_file.units import interval_s, size_bytes, write_interval
from conformance.errors import UsageError
from reference_model.config import STANDARD, InstanceConfig, LoggedTopic, TopicConfig, TransportConfig

TRANSPORT = "<Transports><Transport><Name>t</Name><Type>tcp</Type><InetAddr>9007</InetAddr></Transport></Transports>"


def topic(inner: str = "", *, name: str = "x", kind: str = "json") -> str:
    return f"<Topic><Name>{name}</Name><MessageType>{kind}</MessageType>{inner}</Topic>"


def instance(sow: str = "", rest: str = "", transports: str = TRANSPORT) -> str:
    return f"<AMPSConfig><Name>i</Name>{transports}{f'<SOW>{sow}</SOW>' if sow else ''}{rest}</AMPSConfig>"


LOG = "<TransactionLog><JournalDirectory>j</JournalDirectory>{}</TransactionLog>"
TRANSIENT = "<Durability>transient</Durability>"
SMALLEST = instance(topic(f"<Key>/id</Key>{TRANSIENT}"))


# ---- round trips ---------------------------------------------------------------------------------------------------------------


def test_the_standard_instance_is_read_as_it_was_written():
    config, warnings = read(render(STANDARD, range(3)))
    assert warnings == []
    assert config.topics == expand(STANDARD, range(3)).topics
    assert config.features == STANDARD.features
    assert config.transports == (TransportConfig(name="tcp-any", address="9007"),)
    assert slots_of(config) == (0, 1, 2)
    for slot in range(3):
        assert logical(config, slot).topics == STANDARD.topics


names = st.sampled_from(["@a", "@b", "@c", "plain", "x<&>y"])
topics = st.builds(
    TopicConfig,
    name=names,
    keys=st.lists(st.sampled_from(["/id", "/a/b", "/x"]), max_size=2).map(tuple),
    expiration_s=st.sampled_from([None, 0, 1, 5, 90, 0.5, 0.000001, 0.1]),
    durability=st.sampled_from(["persistent", "transient"]),
    message_type=st.sampled_from(["json", "nvfix"]),
)
configs = st.builds(
    InstanceConfig,
    topics=st.lists(topics, max_size=4, unique_by=lambda topic: (topic.name, topic.message_type)).map(tuple),
    logged=st.lists(st.builds(LoggedTopic, name=st.sampled_from(["@log", "^@tx_", "other"])), max_size=2, unique=True).map(tuple),
    transports=st.just(
        (TransportConfig(name="a", address="127.0.0.1:9007"), TransportConfig(name="b", address="9008", message_type="json"))
    ),
    regex_topics=st.booleans(),
)


@settings(deadline=None, max_examples=100)
@given(configs, st.integers(1, 3), st.booleans())
def test_any_instance_is_read_as_it_was_written(config, slots, domain):
    if domain:
        config = replace(config, topics=tuple(replace(t, key_domain="@d" if t.keys and "@" in t.name else None) for t in config.topics))
    found, warnings = read(render(config, range(slots)))
    assert warnings == []
    assert replace(found, features=frozenset()) == expand(config, range(slots))
    back = logical(found, slots - 1)
    assert back.topics == tuple(topic for topic in config.topics if topic.name.startswith("@"))
    assert back.logged == tuple(topic for topic in config.logged if "@" in topic.name)


def test_a_real_server_is_told_to_make_its_directories_only_when_it_needs_them():
    assert "directories" not in render(STANDARD, range(1))
    logged = replace(STANDARD, logged=(LoggedTopic(name="@tx"),))
    assert "directories where the server starts: journal" in render(logged, range(1))


def test_slots_have_names_of_equal_width_without_characters_of_regular_expressions():
    assert (slot_prefix(3), slot_prefix(42)) == ("amct_s03_", "amct_s42_")


@pytest.mark.parametrize(
    "pattern", ["^amct_s[0-9]+_tx_", "^amct_s[0-9][0-9]_tx_", r"^amct_s\d\d_tx_", "^amct_s.._tx_", "^amct_s03_tx_"]
)
def test_an_expression_over_all_slots_belongs_to_each(pattern):
    config = InstanceConfig(topics=(), logged=(LoggedTopic(name=pattern), LoggedTopic(name="amct_s04_x"), LoggedTopic(name="foreign")))
    assert logical(config, 3).logged == (LoggedTopic(name="^@tx_"),)


# ---- reading -------------------------------------------------------------------------------------------------------------------

TOPICS = [
    ("<Key>/id</Key>", TopicConfig(name="x", keys=("/id",), durability="persistent")),
    ("<Key>/a</Key><Key>/b</Key><FileName>f</FileName>", TopicConfig(name="x", keys=("/a", "/b"), durability="persistent")),
    ("<Durability>Transient</Durability>", TopicConfig(name="x")),
    ("<Duration>transient</Duration>", TopicConfig(name="x")),
    (TRANSIENT + "<Key>/id</Key><KeyDomain>d</KeyDomain>", TopicConfig(name="x", keys=("/id",), key_domain="d")),
    (TRANSIENT + "<Expiration>disabled</Expiration>", TopicConfig(name="x")),
    (TRANSIENT + "<Expiration>Enabled</Expiration>", TopicConfig(name="x", expiration_s=0)),
    (TRANSIENT + "<Expiration> 5s\n</Expiration>", TopicConfig(name="x", expiration_s=5)),
    (TRANSIENT + "<Expiration>1500MS</Expiration>", TopicConfig(name="x", expiration_s=1.5)),
    (TRANSIENT + "<Expiration>30</Expiration>", TopicConfig(name="x", expiration_s=30)),
    (
        TRANSIENT + "<SlabSize>1MB</SlabSize><InitialSlabCount>2</InitialSlabCount><RecoveryPoint>now</RecoveryPoint>",
        TopicConfig(name="x"),
    ),
    (TRANSIENT + "<!-- <Expiration>5s</Expiration> -->", TopicConfig(name="x")),
]


@pytest.mark.parametrize(("inner", "expected"), TOPICS, ids=[inner for inner, _ in TOPICS])
def test_a_topic(inner, expected):
    config, _ = read(instance(topic(inner)))
    assert config.topics == (expected,)


def test_a_topic_may_be_named_by_the_old_word():
    config, warnings = read(instance(f"<Topic><Topic>x</Topic><MessageType>json</MessageType>{TRANSIENT}</Topic>"))
    assert (config.topics, warnings) == ((TopicConfig(name="x"),), [])


def test_order_of_topics_is_that_of_the_file():
    config, _ = read(instance(topic(TRANSIENT, name="b") + topic(TRANSIENT, name="a") + topic(TRANSIENT, name="b", kind="xml")))
    assert [(t.name, t.message_type) for t in config.topics] == [("b", "json"), ("a", "json"), ("b", "xml")]


def transport(inner: str, kind: str = "tcp") -> str:
    return f"<Transports><Transport><Name>t</Name><Type>{kind}</Type>{inner}</Transport></Transports>"


TRANSPORTS = [
    ("<InetAddr>9007</InetAddr>", TransportConfig(name="t", address="9007")),
    ("<InetAddr>127.0.0.1:9007</InetAddr><Protocol>json</Protocol>", TransportConfig(name="t", address="127.0.0.1:9007")),
    ("<InetAddr>[::1]:9007</InetAddr><Protocol>amps</Protocol>", TransportConfig(name="t", address="[::1]:9007")),
    (
        "<InetAddr>host:9007</InetAddr><MessageType>nvfix</MessageType>",
        TransportConfig(name="t", address="host:9007", message_type="nvfix"),
    ),
]


@pytest.mark.parametrize(("inner", "expected"), TRANSPORTS, ids=[inner for inner, _ in TRANSPORTS])
def test_a_transport(inner, expected):
    config, warnings = read(instance(transports=transport(inner)))
    assert (config.transports, warnings) == ((expected,), [])


LEFT_OUT = [
    (transport("<InetAddr>9007</InetAddr>", "tcps"), "Type tcps cannot be honoured"),
    (transport("<FileName>s</FileName>", "amps-unix"), "Type amps-unix cannot be honoured"),
    (transport("<InetAddr>9007</InetAddr>", "amps-replication"), "Type amps-replication cannot be honoured"),
    (transport("<InetAddr>9007</InetAddr><Certificate>c</Certificate>"), "TLS cannot be honoured"),
    (transport("<InetAddr>9007</InetAddr><Protocol>nvfix</Protocol>"), "Protocol nvfix cannot be honoured"),
    (transport("<InetAddr>9007</InetAddr><InitialState>disabled</InitialState>"), "InitialState is disabled"),
]


@pytest.mark.parametrize(("transports", "warning"), LEFT_OUT, ids=[warning for _, warning in LEFT_OUT])
def test_a_transport_that_cannot_be_honoured_is_left_out_with_a_warning(transports, warning):
    config, warnings = read(instance(transports=transports))
    assert config.transports == ()
    assert warnings == [f"Transports/Transport 't': {warning}, the transport is left out"]


def test_a_websocket_is_kept_for_whoever_speaks_it():
    config, warnings = read(instance(transports=transport("<InetAddr>1</InetAddr><Protocol>websocket</Protocol>")))
    assert [t.protocol for t in config.transports] == ["websocket"]
    assert warnings == []
    assert "websocket" in config.features


def test_the_transaction_log():
    config, warnings = read(instance(rest=LOG.format("<Topic><Name>^a</Name><MessageType>json</MessageType></Topic>")))
    assert (config.logged, warnings) == ((LoggedTopic(name="^a"),), [])
    assert {"txlog", "pause"} <= config.features
    assert "no-txlog" not in config.features


def test_a_log_without_topics_records_nothing_and_is_neither():
    config, _ = read(instance(rest=LOG.format("")))
    assert not {"txlog", "no-txlog"} & config.features


def test_expressions_as_topics_can_be_switched_off():
    config, _ = read(instance(rest="<RegexTopicSupport>FALSE</RegexTopicSupport>"))
    assert config.regex_topics is False
    assert "no-regex-topic" in config.features
    assert "regex-topic" not in config.features


def test_a_defined_message_type_may_be_used():
    types = "<MessageTypes><MessageType><Name>mine</Name><Module>nvfix</Module></MessageType></MessageTypes>"
    config, warnings = read(instance(topic(TRANSIENT, kind="mine"), rest=types))
    assert (config.topics[0].message_type, warnings) == ("mine", [])


NOT_HONOURED = [
    (instance(rest="<Admin><InetAddr>8085</InetAddr></Admin>"), "AMPSConfig/Admin cannot be honoured and is ignored", "admin"),
    (
        instance(
            topic(TRANSIENT + "<Key>/id</Key>")
            + "<View><Name>v</Name><MessageType>json</MessageType><UnderlyingTopic>x</UnderlyingTopic><Projection><Field>/a</Field>"
            "</Projection><Grouping><Field>/a</Field></Grouping></View>"
        ),
        "SOW/View 'v' cannot be honoured and is ignored",
        "view",
    ),
    (
        instance(
            topic(TRANSIENT) + "<ReplicaDefinition><Topic>c</Topic><MessageType>json</MessageType><UnderlyingTopic>x</UnderlyingTopic>"
            "</ReplicaDefinition>"
        ),
        "SOW/ReplicaDefinition 'c' cannot be honoured and is ignored",
        "conflated-topic",
    ),
    (
        instance(topic(TRANSIENT + "<History><Window>1h</Window><Granularity>0s</Granularity></History>")),
        "SOW/Topic 'x'/History cannot be honoured and is ignored",
        "history",
    ),
    (
        instance(topic(TRANSIENT + "<Enrichment><Field>1 AS /a</Field></Enrichment>")),
        "SOW/Topic 'x'/Enrichment cannot be honoured and is ignored",
        "enrichment",
    ),
    (
        instance(rest="<Authentication><Module>mine</Module></Authentication>"),
        "AMPSConfig/Authentication cannot be honoured and is ignored",
        "auth",
    ),
    (instance(rest="<Shiny>1</Shiny>"), "AMPSConfig/Shiny is not a known element and is ignored", None),
    (instance(topic(TRANSIENT + "<Color>red</Color>")), "SOW/Topic 'x'/Color is not a known element and is ignored", None),
    (instance(topic("<Key>/id</Key>")), "SOW/Topic 'x': FileName is missing, which a persistent topic needs", None),
    (
        "<AMPSConfig><Name>i</Name><SOW>" + topic(TRANSIENT).replace("<Topic>", '<Topic name="y">') + "</SOW></AMPSConfig>",
        "SOW/Topic 'x': attribute name is ignored, settings are elements",
        None,
    ),
]


@pytest.mark.parametrize(("text", "warning", "feature"), NOT_HONOURED, ids=[warning for _, warning, _ in NOT_HONOURED])
def test_what_cannot_be_honoured_is_one_warning(text, warning, feature):
    config, warnings = read(text)
    assert warnings == [warning]
    assert feature is None or feature in config.features


FEATURES = [
    (
        SMALLEST,
        {"sow", "delta", "oof", "aggregation", "pagination", "multi-type", "no-txlog", "regex-topic"},
        {"explicit-key", "transient-sow"},
    ),
    (instance(), {"select", "replace", "conflation", "heartbeat", "no-txlog"}, {"sow", "delta", "oof"}),
    (instance(topic(TRANSIENT)), {"explicit-key"}, {"key-domain", "expiration"}),
    (instance(topic(TRANSIENT + "<Key>/id</Key><KeyDomain>d</KeyDomain>")), {"key-domain"}, {"explicit-key"}),
    (instance(topic("<FileName>f</FileName><Expiration>5s</Expiration>")), {"expiration"}, {"transient-sow"}),
    (instance(transports=transport("<InetAddr>1</InetAddr><MessageType>json</MessageType>")), {"fixed-type"}, {"multi-type"}),
    (instance(topic(TRANSIENT + "<HashIndex><Key>/a</Key></HashIndex>")), {"hash-index"}, set()),
    (
        instance(rest="<Authentication><Module>amps-implicit-authentication-module</Module></Authentication>"),
        {"implicit-logon"},
        {"auth"},
    ),
    (
        instance(rest="<Authentication><Module>amps-default-authentication-module</Module></Authentication>"),
        set(),
        {"auth", "implicit-logon"},
    ),
    (instance(rest="<ClientMaxCapacity>10%</ClientMaxCapacity>"), {"slow-client"}, set()),
]


@pytest.mark.parametrize(("text", "there", "absent"), FEATURES, ids=range(len(FEATURES)))
def test_features_follow_from_elements(text, there, absent):
    features = read(text)[0].features
    assert there <= features
    assert not absent & features


# ---- mistakes ------------------------------------------------------------------------------------------------------------------

BOMB = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><AMPSConfig><Name>&b;</Name></AMPSConfig>'
QUEUE = "<Queue><Name>q</Name><MessageType>json</MessageType>{}</Queue>"
LOGGED = LOG.format("<Topic><Name>q</Name><MessageType>json</MessageType></Topic>")

CONFLATED = "<ConflatedTopic><Name>c</Name><MessageType>xml</MessageType><UnderlyingTopic>x</UnderlyingTopic></ConflatedTopic>"

MISTAKES = [
    ("", "configuration: not well-formed XML"),
    ("<AMPSConfig>", "configuration: not well-formed XML"),
    (BOMB, "configuration: entities are not allowed"),
    ("<Config/>", "the root element is Config, not AMPSConfig"),
    ("<AMPSConfig/>", "AMPSConfig: Name is missing"),
    ("<AMPSConfig><Name> </Name></AMPSConfig>", "AMPSConfig/Name is empty"),
    ("<AMPSConfig><Name>a</Name><Name>b</Name></AMPSConfig>", "AMPSConfig/Name stands there twice"),
    ("<AMPSConfig><name>a</name></AMPSConfig>", "AMPSConfig: Name is missing"),
    (instance(rest="<SOW/><SOW/>"), "AMPSConfig/SOW stands there twice"),
    (
        instance(rest="<RegexTopicSupport>maybe</RegexTopicSupport>"),
        "AMPSConfig/RegexTopicSupport: 'true' or 'false' expected, not 'maybe'",
    ),
    (instance("<Topic><MessageType>json</MessageType></Topic>"), "SOW/Topic: Name is missing"),
    (instance("<Topic/>"), "SOW/Topic is empty"),
    (instance("<Topic><Name>x</Name></Topic>"), "SOW/Topic 'x': MessageType is missing"),
    (instance("<View><Name>v</Name></View>"), "SOW/View 'v': MessageType is missing"),
    (instance("<Topic><Name>x</Name><Topic>y</Topic><MessageType>json</MessageType></Topic>"), "SOW/Topic 'x': Name and Topic"),
    (instance(topic(kind="jsn")), "SOW/Topic 'x'/MessageType: no message type 'jsn' is defined"),
    (instance(topic(TRANSIENT) + topic(TRANSIENT)), "SOW/Topic 'x' is defined twice"),
    (instance(topic("<KeyDomain>d</KeyDomain>")), "SOW/Topic 'x': KeyDomain goes only with Key"),
    (instance(topic("<Key>/id</Key>", kind="binary")), "SOW/Topic 'x': Key does not go with MessageType binary"),
    (instance(topic("<Expiration>soon</Expiration>")), "SOW/Topic 'x'/Expiration: 'disabled', 'enabled' or an interval"),
    (instance(topic("<Durability>forever</Durability>")), "SOW/Topic 'x'/Durability: 'persistent' or 'transient' expected"),
    (instance(topic(TRANSIENT + "<Duration>transient</Duration>")), "SOW/Topic 'x': Durability and Duration"),
    (instance(topic("<SlabSize>2GB</SlabSize>")), "SOW/Topic 'x'/SlabSize: a size up to 1GB expected, not '2GB'"),
    (
        instance(topic("<Expiration>5s</Expiration><History><Window>1h</Window></History>")),
        "SOW/Topic 'x': History goes only with Expiration disabled",
    ),
    (
        instance(topic("<Key>/a</Key><KeyDomain>d</KeyDomain><KeyGenerator><Module>m</Module></KeyGenerator>")),
        "SOW/Topic 'x': KeyDomain does not go with KeyGenerator",
    ),
    (
        instance(topic("<Pattern>a.*</Pattern><History><Window>1h</Window></History>")),
        "SOW/Topic 'x': Pattern does not go with History",
    ),
    (
        instance("<View><Name>v</Name><MessageType>json</MessageType><UnderlyingTopic>x</UnderlyingTopic></View>" + topic(TRANSIENT)),
        "SOW/View 'v': UnderlyingTopic 'x' is not defined before it",
    ),
    (
        instance(topic(TRANSIENT) + CONFLATED),
        "SOW/ConflatedTopic 'c': its UnderlyingTopic has another MessageType",
    ),
    (instance(QUEUE.format("")), "SOW/Queue 'q': a queue needs its topics in a TransactionLog"),
    (
        instance(QUEUE.format("<Priority>/p</Priority><BarrierExpression>1=1</BarrierExpression>"), rest=LOGGED),
        "SOW/Queue 'q': Priority and BarrierExpression exclude each other",
    ),
    (
        instance(QUEUE.format("<Semantics>at-most-once</Semantics><FairnessModel>fast</FairnessModel>"), rest=LOGGED),
        "SOW/Queue 'q': at-most-once goes only with FairnessModel round-robin",
    ),
    (instance(rest="<TransactionLog/>"), "TransactionLog: JournalDirectory is missing"),
    (
        instance(rest=LOG.format("<JournalSize>1M</JournalSize>")),
        "TransactionLog/JournalSize: a size of at least 10MB expected, not '1M'",
    ),
    (instance(rest=LOG.format("<FlushInterval>2s</FlushInterval>")), "TransactionLog/FlushInterval: an interval from 1us to 1000ms"),
    (instance(transports=transport("")), "Transports/Transport 't': InetAddr is missing"),
    (instance(transports=transport("<InetAddr>99999</InetAddr>")), "Transports/Transport 't'/InetAddr: a port or host:port expected"),
    (instance(transports=transport("<InetAddr>host</InetAddr>")), "Transports/Transport 't'/InetAddr: a port or host:port expected"),
    (instance(transports=transport("<InetAddr>1</InetAddr>", "udp")), "Transports/Transport 't'/Type: one of tcp"),
    (
        instance(transports=TRANSPORT.replace("</Transports>", TRANSPORT.removeprefix("<Transports>"))),
        "Transports/Transport 't' is defined twice",
    ),
    (
        instance(rest="<MessageTypes><MessageType><Name>m</Name></MessageType></MessageTypes>"),
        "MessageTypes/MessageType 'm': Module is missing",
    ),
    (instance().replace(">i<", ">${NO_SUCH_NAME}<"), "AMPSConfig/Name: the environment variable NO_SUCH_NAME is not set"),
    (instance(topic("<Expiration>a\n b</Expiration>", name="x\ny")), "SOW/Topic 'x y'/Expiration: 'disabled', 'enabled' or"),
    ("<a>" * 100 + "</a>" * 100, "deeper than 50"),
]


@pytest.mark.parametrize(("text", "said"), MISTAKES, ids=[said for _, said in MISTAKES])
def test_a_mistake_is_one_line_that_names_the_element(text, said):
    with pytest.raises(UsageError) as caught:
        read(text, {})
    assert str(caught.value).startswith(said) or said == "deeper than 50"
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


# ---- files, variables, includes ------------------------------------------------------------------------------------------------


def test_variables_are_those_given_and_those_that_are_always_set(tmp_path):
    path = tmp_path / "amps.xml"
    path.write_text(instance(topic("<FileName>${AMPS_CONFIG_DIRECTORY}/f</FileName><Key>${KEY}</Key>", name="a_${NAME}_b")))
    config, warnings = read(path, {"NAME": "orders", "KEY": "/id"})
    assert config.topics == (TopicConfig(name="a_orders_b", keys=("/id",), durability="persistent"),)
    assert warnings == []


def test_variables_are_the_environment_unless_given(monkeypatch):
    monkeypatch.setenv("AMCT_TEST_NAME", "orders")
    assert read(instance(topic(TRANSIENT, name="${AMCT_TEST_NAME}")))[0].topics[0].name == "orders"


def test_includes_are_put_in_place_relative_to_the_file_that_names_them(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "sow.xml").write_text('<SOW><Include comment="true">one.xml</Include></SOW>')
    (tmp_path / "inner" / "one.xml").write_text(topic(TRANSIENT, name="one"))
    (tmp_path / "amps.xml").write_text("<AMPSConfig><Name>i</Name><Include>${DIR}/sow.xml</Include></AMPSConfig>")
    config, warnings = read(tmp_path / "amps.xml", {"DIR": "inner"})
    assert (config.topics, warnings) == ((TopicConfig(name="one"),), [])


def test_a_cycle_of_includes_is_refused(tmp_path):
    (tmp_path / "a.xml").write_text("<AMPSConfig><Name>i</Name><Include>b.xml</Include></AMPSConfig>")
    (tmp_path / "b.xml").write_text("<SOW><Include>a.xml</Include></SOW>")
    with pytest.raises(UsageError, match=r"a\.xml: AMPSConfig/SOW/Include: a\.xml includes itself"):
        read(tmp_path / "a.xml")


def test_includes_that_multiply_are_refused(tmp_path):
    for at in range(20):
        (tmp_path / f"{at}.xml").write_text(f"<a><Include>{at + 1}.xml</Include><Include>{at + 1}.xml</Include></a>")
    (tmp_path / "20.xml").write_text(f"<a>{'x' * 50_000}</a>")
    with pytest.raises(UsageError, match="more than 5000000 bytes"):
        read(tmp_path / "0.xml")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match=r"none\.xml: configuration: cannot read .*none\.xml: No such file"):
        read(tmp_path / "none.xml")


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / "amps.xml").write_bytes(b"\xff\xfe\x00garbage")
    with pytest.raises(UsageError, match=r"^amps\.xml: "):
        read(tmp_path / "amps.xml")


@settings(deadline=None, max_examples=200)
@given(st.text(st.sampled_from("<>/&;'\"= ${}!-[]?aN") | st.characters(codec="utf-8"), max_size=40))
def test_any_text_is_a_configuration_or_one_line(text):
    for source in (
        text,
        instance(topic(f"<Expiration>{text}</Expiration>")),
        f"<AMPSConfig><Name>{text}</Name></AMPSConfig>",
        f"<AMPSConfig><Name>i</Name>{text}</AMPSConfig>",
    ):
        try:
            read(source, {})
        except UsageError as error:
            said = str(error)
            assert "\n" not in said


# ---- units ---------------------------------------------------------------------------------------------------------------------

INTERVALS = [
    ("1ns", 1e-9),
    ("250us", 0.00025),
    ("100ms", 0.1),
    ("5", 5),
    ("5s", 5),
    ("2m", 120),
    ("1H", 3600),
    ("1d", 86400),
    ("1w", 604800),
]


@pytest.mark.parametrize(("text", "seconds"), INTERVALS)
def test_intervals(text, seconds):
    assert interval_s(text) == seconds
    assert interval_s(write_interval(seconds)) == seconds


@pytest.mark.parametrize("text", ["", "s", "1.5s", "-1s", "1 s", "5x", "1kb", "٣s", "1" * 30])
def test_no_intervals(text):
    assert interval_s(text) is None


@pytest.mark.parametrize(
    ("text", "size"), [("1", 1), ("1kb", 1024), ("5MB", 5 * 2**20), ("10M", 10 * 2**20), ("1G", 2**30), ("x", None)]
)
def test_sizes(text, size):
    assert size_bytes(text) == size
