"""A machine file that is wrong is refused with file, key and remedy, and never half-read."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import ClinicFileError
from core.machine_values import Confidence
from core.machines import read_machine
from tests.core.clinic_machine import DEMO, clinic, replaced, with_line

FAULTS = {
    "typo in a key": (
        with_line("y_reach_mm", 'y_reech_mm = { confidence = "U", source = "us" }'),
        "jaws",
        "Did you mean 'y_reach_mm'?",
    ),
    "typo in a section": (replaced("[couch]", "[cuoch]"), "", "Did you mean 'couch'?"),
    "typo in a value's table": (
        with_line("span_mm", 'span_mm = { valeu = 1, confidence = "D", source = "us" }'),
        "mlc.span_mm",
        "Did you mean 'value'?",
    ),
    "key left out": (with_line("span_mm", ""), "mlc", "Add it"),
    "bare number": (with_line("span_mm", "span_mm = 150"), "mlc.span_mm", "Write it as a table"),
    "no source": (
        with_line("span_mm", 'span_mm = { value = 1, confidence = "D" }'),
        "mlc.span_mm",
        "Add it",
    ),
    "empty source": (
        with_line("span_mm", 'span_mm = { value = 1, confidence = "D", source = "" }'),
        "mlc.span_mm.source",
        "Write a text in quotes.",
    ),
    "unknown and yet a value": (
        with_line("span_mm", 'span_mm = { value = 1, confidence = "U", source = "us" }'),
        "mlc.span_mm",
        "Give the value",
    ),
    "known and yet no value": (
        with_line("span_mm", 'span_mm = { confidence = "S", source = "us" }'),
        "mlc.span_mm",
        "Give the value",
    ),
    "no such confidence": (
        with_line("span_mm", 'span_mm = { value = 1, confidence = "X", source = "us" }'),
        "mlc.span_mm",
        "Write S when",
    ),
    "text for a number": (
        with_line("span_mm", 'span_mm = { value = "150", confidence = "S", source = "us" }'),
        "mlc.span_mm",
        "Write a number.",
    ),
    "true for a number": (
        with_line("span_mm", 'span_mm = { value = true, confidence = "S", source = "us" }'),
        "mlc.span_mm",
        "Write a number.",
    ),
    "not a number": (
        with_line("span_mm", 'span_mm = { value = nan, confidence = "S", source = "us" }'),
        "mlc.span_mm",
        "Write a number.",
    ),
    "infinite": (
        with_line("span_mm", 'span_mm = { value = inf, confidence = "S", source = "us" }'),
        "mlc.span_mm",
        "Write a number.",
    ),
    "too many digits": (
        with_line(
            "span_mm", f'span_mm = {{ value = 0x{"F" * 9000}, confidence = "S", source = "us" }}'
        ),
        "mlc.span_mm",
        "Write a number.",
    ),
    "range upside down": (
        with_line("y1_mm", 'y1_mm = { value = [100, -200], confidence = "S", source = "us" }'),
        "jaws.y1_mm",
        "Write [lowest, highest].",
    ),
    "range of one": (
        with_line("y1_mm", 'y1_mm = { value = [100], confidence = "S", source = "us" }'),
        "jaws.y1_mm",
        "Write [lowest, highest].",
    ),
    "no list": (
        with_line("photon_mv", 'photon_mv = { value = 6, confidence = "S", source = "us" }'),
        "energies.photon_mv",
        "Write the values between",
    ),
    "exhaustive where nothing is listed": (
        with_line(
            "span_mm",
            'span_mm = { value = 1, confidence = "S", exhaustive = true, source = "us" }',
        ),
        "mlc.span_mm",
        "Remove it",
    ),
    "no such jaw pair": (
        with_line(
            "replaces_jaw", 'replaces_jaw = { value = "Z", confidence = "S", source = "us" }'
        ),
        "mlc.replaces_jaw",
        'Write one of "X", "Y", "none".',
    ),
    "transmission in percent": (
        with_line(
            "transmission", 'transmission = { value = 1.5, confidence = "S", source = "us" }'
        ),
        "mlc.transmission",
        "Write a share between 0 and 1.",
    ),
    "boundaries that fall": (
        replaced("    -200, -190,", "    -190, -200,"),
        "mlc.boundaries_mm",
        "Write two or more numbers",
    ),
    "a boundary twice": (
        replaced("    -200, -190,", "    -190, -190,"),
        "mlc.boundaries_mm",
        "Write two or more numbers",
    ),
    "typo in an applicator's row": (
        DEMO.replace('applicator = "6x6"', 'aplicator = "6x6"'),
        "applicators.jaws",
        "Did you mean 'applicator'?",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_that_a_fault_in_the_file_is_named_with_file_key_and_remedy(tmp_path, name):
    text, key, remedy = FAULTS[name]
    own = clinic(tmp_path, text)
    with pytest.raises(ClinicFileError) as refusal:
        read_machine("demo_linac", own)
    file = str(own / "machines" / "demo_linac.toml")
    assert refusal.value.where == (f"{file}, {key}" if key else file)
    assert refusal.value.remedy.startswith(remedy)
    assert len(refusal.value.what) < 120


@pytest.mark.parametrize(
    "damaged",
    [
        DEMO.encode()[: len(DEMO) // 2],
        b"\xff\xfe" + DEMO.encode("utf-16-le"),
        b"\x00" * 100,
        b"vendor = 'a'\nvendor = 'b'\n",
        b"x = " + b"[" * 100_000,
        b"",
    ],
    ids=["cut in half", "other coding", "zeros", "key twice", "endless nesting", "empty"],
)
def test_that_a_damaged_file_gives_one_sentence(tmp_path, damaged):
    own = clinic(tmp_path, damaged)
    with pytest.raises(ClinicFileError) as refusal:
        read_machine("demo_linac", own)
    assert str(own / "machines" / "demo_linac.toml") in refusal.value.where
    assert "\n" not in str(refusal.value)


def test_that_a_file_that_cannot_be_opened_gives_one_sentence(tmp_path):
    (tmp_path / "machines" / "demo_linac.toml").mkdir(parents=True)
    with pytest.raises(ClinicFileError, match="cannot be opened"):
        read_machine("demo_linac", tmp_path)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, len(DEMO)), cut=st.integers(0, 40), put=st.text(max_size=4))
def test_that_any_damage_is_refused_or_leaves_a_whole_machine(tmp_path, at, cut, put):
    damaged = DEMO[:at] + put + DEMO[at + cut :]
    folder = tmp_path / "machines"
    folder.mkdir(exist_ok=True)
    (folder / "demo_linac.toml").write_bytes(damaged.encode("utf-8", "surrogatepass"))
    try:
        machine = read_machine("demo_linac", tmp_path)
    except ClinicFileError:
        return
    boundaries_mm = machine.mlc.boundaries_mm
    assert boundaries_mm.known == (boundaries_mm.confidence is not Confidence.UNKNOWN)
    assert machine.couch.lateral_mm.source
