"""SOW keys: which messages are one record, and the key that stands for it."""

from __future__ import annotations

from reference_model.rule import R
from strategies.build import Program, key_of
from strategies.directed.collection import Collection

keys = Collection("keys")


@keys(R("SOW-KEY-03"), R("SOW-KEY-04"), R("SOW-KEY-05"))
def composite(p: Program) -> None:
    """Two key fields: every combination is a record, also where the plain texts joined are the same."""
    a = p.open()
    for one, other in (("x", "y"), ("x", "z"), ("y", "x"), ("ab", "c"), ("a", "bc")):
        a.publish("@pairs", {"a": one, "b": other, "n": 1})
    a.fence()
    a.sow("@pairs")
    a.publish("@pairs", {"n": 2, "b": "c", "a": "ab"})
    a.fence()
    a.sow("@pairs")


@keys(R("SOW-KEY-29"))
def nested(p: Program) -> None:
    a = p.open()
    a.publish("@nested", {"ref": {"id": 1, "x": "a"}, "id": 7})
    a.publish("@nested", {"ref": {"id": 2, "x": "a"}, "id": 7})
    a.fence()
    a.sow("@nested")
    a.publish("@nested", {"ref": {"x": "b", "id": 1}, "id": 8})
    a.fence()
    a.sow("@nested")


@keys(R("SOW-KEY-09"), needs=("key-domain",))
def of_one_domain(p: Program) -> None:
    """Two topics of one key domain: two records, one key, and one takes the key that the other showed."""
    a = p.open()
    a.publish("@stock", {"sku": 9, "have": 3})
    a.publish("@stock", {"sku": 8, "have": 1})
    a.publish("@reorder", {"sku": 9, "want": 5})
    a.fence()
    a.sow("@stock")
    a.sow("@reorder")
    a.sow("@reorder", sow_keys=key_of("@stock", 9))


@keys(R("SOW-KEY-20"), R("SOW-KEY-21"), R("SOW-KEY-22"), R("SOW-KEY-23"), R("SOW-KEY-24"), needs=("explicit-key",))
def given(p: Program) -> None:
    """Keys that the publisher gives: the data takes no part in identity."""
    reader, a = p.open("reader"), p.open("a")
    reader.subscribe("@own")
    a.publish("@own", {"n": 1}, sow_key="aGk=")
    a.publish("@own", {"n": 1}, sow_key="eW8=")
    reader.delivered(a.publish("@own", {"n": 3}, sow_key="AA"))
    a.fence()
    a.sow("@own")
    a.publish("@own", {"n": 2, "m": 2}, sow_key="aGk=")
    a.fence()
    a.sow("@own", sow_keys="aGk=,none")
    a.delete("@own", sow_keys="aGk=,AA")
    a.fence()
    a.sow("@own")


@keys(R("CMD-PUB-41"), R("WIRE-SOW-01"), R("WIRE-SOW-02"), R("WIRE-SOW-07"), needs=("explicit-key",))
def given_odd(p: Program) -> None:
    """Every kind of Base64 character in a key; bodies with characters of several bytes, with braces and quotes, no JSON."""
    a = p.open()
    a.publish("@own", b'{"s":"\xc3\xa9\xf0\x9f\x92\xb6"}', sow_key="Az09+/")
    a.publish("@own", b'}{"l":3}{"', sow_key="Az09+/==")
    a.publish("@own", b"{", sow_key="az09+/")
    a.fence()
    a.sow("@own")
    a.sow("@own", batch_size=3)


@keys(R("SOW-KEY-25"), needs=("explicit-key",))
def not_given(p: Program) -> None:
    """A publish without the key that the topic wants: expected to fail, and to leave the others alone."""
    a = p.open()
    a.publish("@own", {"n": 1}, sow_key="aGk=", acks="processed")
    a.publish("@own", {"n": 2}, acks="processed")
    a.fence()
    a.sow("@own")


@keys(R("SOW-KEY-11"), R("SOW-KEY-12"), R("SOW-KEY-13"), R("CMD-STAT-21"))
def listed(p: Program) -> None:
    """Two of five by their keys; with a key that is gone; together with a filter."""
    a = p.open()
    for number in range(1, 6):
        a.publish("@orders", {"id": number, "even": int(number % 2 == 0)})
    a.fence()
    a.sow("@orders", batch_size=10)
    two = (key_of("@orders", 2), key_of("@orders", 5))
    a.sow("@orders", sow_keys=two)
    a.sow("@orders", sow_keys=two, filter="/even = 1", acks="completed,stats")
    a.delete("@orders", body={"id": 5})
    a.fence()
    a.sow("@orders", sow_keys=two, acks="processed,completed")
