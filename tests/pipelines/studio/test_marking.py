from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipelines.cli.app import main
from pipelines.gaze import Gaze
from pipelines.image import credentials, loading, metadata, origin
from pipelines.image.arrays import Image8
from pipelines.image.encoding import Encoding, encode
from pipelines.image.metadata import Statement
from pipelines.image.origin import Origin
from pipelines.runtime.errors import ProvenanceError
from pipelines.studio import Look, marking
from scripts import dev_cert

LOOK = Look(region="japan", context="linkedin", engine="geometry")
ORIGINAL = "ab" * 32
FORMS: tuple[Any, ...] = ("PNG", "JPEG", "WEBP", "TIFF")


@pytest.fixture
def face(astronaut: Image8) -> Image8:
    return np.ascontiguousarray(astronaut[60:180, 160:280])


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return dev_cert.make(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(autouse=True)
def unsigned(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CERT", "KEY"):
        monkeypatch.delenv(f"PRESENCE_C2PA_{name}", raising=False)


@pytest.fixture
def signed(unsigned: None, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, path in zip(("CERT", "KEY"), certificate, strict=True):
        monkeypatch.setenv(f"PRESENCE_C2PA_{name}", str(path))


def pixels(data: bytes) -> Image8:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("form", FORMS)
def test_metadata_says_how_a_picture_was_made(face: Image8, form: Any) -> None:
    data = marking.encode(face, LOOK, original=ORIGINAL, encoding=Encoding(form))
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == form
        assert image.size == (120, 120)
    assert metadata.read(data) == Statement(
        "Presence", "algorithmicallyEnhanced", str(LOOK), ORIGINAL
    )
    assert metadata.NEWSCODES.encode() + b"algorithmicallyEnhanced" in data
    assert credentials.read(data) is None


def test_encoding_keeps_pixels_and_is_deterministic(face: Image8) -> None:
    one, two = (marking.encode(face, LOOK) for _ in range(2))
    assert one == two
    assert np.array_equal(pixels(one), face)


@pytest.mark.parametrize(
    ("look", "kind"),
    [
        (LOOK, "algorithmicallyEnhanced"),
        (Look(region="keep", polish=0), ""),
        (Look(region="keep", polish=0, doses=(("B", 0.2),)), "algorithmicallyEnhanced"),
        (Look(region="keep"), "algorithmicallyEnhanced"),
        (Look(gaze=None, polish=0), ""),
        (Look(gaze=0.0, polish=0), ""),
        (Look(gaze=0.5, polish=0, engine="geometry"), "algorithmicallyEnhanced"),
        (Look(gaze=0.5, polish=0), "compositeWithTrainedAlgorithmicMedia"),
        (Look(context="id-passport"), ""),
        (Look(context="id-passport", gaze=Gaze(3, 0), engine="eye-controlnet"), ""),
        (Look(engine="eye-controlnet"), "compositeWithTrainedAlgorithmicMedia"),
        (
            Look(engine="sd15-mediapipe-face", gaze=Gaze(3, 0)),
            "compositeWithTrainedAlgorithmicMedia",
        ),
        (
            Look(engine="sd15-mediapipe-face", gaze=None, generative=0.2),
            "compositeWithTrainedAlgorithmicMedia",
        ),
        # Eyes that are not turned are not drawn by the network.
        (Look(engine="eye-controlnet", gaze=None), "algorithmicallyEnhanced"),
        (None, ""),
    ],
)
def test_the_source_type_depends_on_the_look(look: Look | None, kind: str) -> None:
    assert marking.source_type(look) == kind


def test_a_sheet_has_the_source_type_of_its_most_changed_look() -> None:
    drawn, untouched = Look(engine="eye-controlnet"), Look(context="id-passport")
    assert marking.source_type_of([None, untouched]) == ""
    assert marking.source_type_of([None, LOOK, untouched]) == "algorithmicallyEnhanced"
    assert marking.source_type_of([LOOK, drawn]) == "compositeWithTrainedAlgorithmicMedia"


@pytest.mark.parametrize(
    ("photo", "kind"),
    [
        ("", "algorithmicallyEnhanced"),
        ("digitalCapture", "algorithmicallyEnhanced"),
        ("somethingNew", "algorithmicallyEnhanced"),
        ("compositeWithTrainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"),
        ("trainedAlgorithmicMedia", "trainedAlgorithmicMedia"),
    ],
)
def test_the_strongest_source_type_survives(face: Image8, photo: str, kind: str) -> None:
    data = marking.encode(face, LOOK, origin=Origin(source_type=photo))
    assert metadata.read(data).source_type == kind
    assert (
        metadata.read(marking.encode(face, None, origin=Origin(source_type=photo))).source_type
        == photo
    )


def test_a_sheet_names_all_its_looks(face: Image8) -> None:
    other = Look(region="korea", context="linkedin", engine="geometry")
    assert metadata.read(marking.encode(face, [LOOK, other])).look == f"{LOOK} {other}"


def test_a_pixel_hash_depends_on_pixels_and_shape_only(face: Image8) -> None:
    png, tiff = (marking.encode(face, LOOK, encoding=Encoding(form)) for form in ("PNG", "TIFF"))
    same = {metadata.pixel_hash(one) for one in (face, pixels(png), pixels(tiff))}
    assert len(same) == 1
    changed = face.copy()
    changed[0, 0, 0] ^= 1
    assert metadata.pixel_hash(changed) not in same
    # The same bytes in another shape are a different picture.
    assert metadata.pixel_hash(face.reshape(60, 240, 3)) not in same


@pytest.mark.parametrize("data", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_other_files_have_no_metadata(data: bytes) -> None:
    assert metadata.read(data) == Statement("", "", "", "")
    assert credentials.read(data) is None


@pytest.mark.parametrize(
    "packet",
    [
        b"<broken",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b"\xff\xfe\x00",
        b"<a/>" + b" " * 2_000_000,
    ],
)
def test_invalid_metadata_is_ignored(face: Image8, packet: bytes) -> None:
    buffer = io.BytesIO()
    Image.fromarray(face).save(buffer, "TIFF", tiffinfo={700: packet})
    assert metadata.read(buffer.getvalue()) == Statement("", "", "", "")


# -- Content Credentials --


@pytest.mark.parametrize("form", FORMS)
def test_with_a_certificate_pictures_are_signed(signed: None, face: Image8, form: Any) -> None:
    data = marking.encode(face, LOOK, original=ORIGINAL, encoding=Encoding(form))
    found = credentials.read(data)
    assert found is not None
    assert found.state == "Valid"
    assert found.signer == "Development signer"
    # Valid, but untrusted, because a development certificate is on no trust list.
    assert found.problems == ("signingCredential.untrusted",)
    assert [action.partition(":")[0] for action in found.actions] == ["c2pa.opened", "c2pa.edited"]
    assert str(LOOK) in found.actions[1]
    assert metadata.read(data).look == str(LOOK), "the signature changed the metadata"
    credentials.check()


def test_the_manifest_names_the_original_without_a_thumbnail(signed: None, face: Image8) -> None:
    import c2pa

    data = marking.encode(face, LOOK, original=ORIGINAL)
    with c2pa.Reader("image/png", io.BytesIO(data)) as reader:
        manifest = reader.get_active_manifest()
    (ingredient,) = manifest["ingredients"]
    assert ORIGINAL in ingredient["instance_id"]
    assert ingredient["relationship"] == "parentOf"
    assert "thumbnail" not in manifest
    assert "thumbnail" not in ingredient
    action = manifest["assertions"][0]["data"]["actions"][1]
    assert action["digitalSourceType"].endswith("/algorithmicallyEnhanced")


def test_an_invented_persona_is_signed_as_created(signed: None, face: Image8) -> None:
    data = marking.encode(face, None, source=metadata.INVENTED)
    found = credentials.read(data)
    assert found is not None
    assert found.state == "Valid"
    assert found.actions == ("c2pa.created: wholly made by a trained model; nobody's photo",)
    assert metadata.read(data).source_type == "trainedAlgorithmicMedia"


def test_credentials_of_the_photo_become_the_parents(signed: None, face: Image8) -> None:
    import c2pa

    persona = marking.encode(face, None, source=metadata.INVENTED)
    first = loading.load(persona).origin
    assert first.source_type == metadata.INVENTED
    assert first.notes == (origin.MADE_BY_AI,)
    child = marking.encode(face, LOOK, original=ORIGINAL, origin=first)
    second = loading.load(child).origin
    # A persona stays one, whatever is done to it.
    assert second.source_type == metadata.INVENTED
    assert second.credentials is not None
    assert second.credentials.state == "Valid"
    assert "retouched by an algorithm" in second.credentials.actions[1]
    grandchild = marking.encode(
        face, LOOK, original=ORIGINAL, origin=second, encoding=Encoding("AVIF")
    )
    with c2pa.Reader("image/avif", io.BytesIO(grandchild)) as reader:
        assert len(json.loads(reader.json())["manifests"]) == 3
        (parent,) = reader.get_active_manifest()["ingredients"]
    assert parent["relationship"] == "parentOf"
    assert "failure" not in parent["validation_results"]["activeManifest"] or all(
        one["code"] == "signingCredential.untrusted"
        for one in parent["validation_results"]["activeManifest"]["failure"]
    )


def test_places_in_the_photos_credentials_are_redacted(
    signed: None, face: Image8, certificate: tuple[Path, Path]
) -> None:
    import c2pa

    blank, photo = io.BytesIO(), io.BytesIO()
    Image.fromarray(face).save(blank, "JPEG")
    taken = {
        "action": "c2pa.created",
        "digitalSourceType": metadata.NEWSCODES + "digitalCapture",
    }
    manifest = {
        "claim_generator_info": [{"name": "Camera"}],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [taken]}},
            {"label": "stds.exif", "data": {"exif:GPSLatitude": "52,30.5N"}, "kind": "Json"},
        ],
    }
    chain, key = (path.read_bytes() for path in certificate)
    info = c2pa.C2paSignerInfo(alg=b"es256", sign_cert=chain, private_key=key, ta_url=None)
    with (
        c2pa.Signer.from_info(info) as signer,
        c2pa.Builder.from_json(json.dumps(manifest)) as builder,
    ):
        builder.sign(signer, "image/jpeg", blank, photo)
    assert b"52,30.5N" in photo.getvalue()
    camera = loading.load(photo.getvalue()).origin
    keeps: tuple[marking.Keep, ...] = ("rights", "all")
    for keep in keeps:
        data = marking.encode(face, LOOK, original=ORIGINAL, origin=camera, keep=keep)
        assert (b"52,30.5N" in data) == (keep == "all")
        found = credentials.read(data)
        assert found is not None
        assert found.state == "Valid"


def test_broken_credentials_of_the_photo_are_told(signed: None, face: Image8) -> None:
    broken = bytearray(marking.encode(face, LOOK, encoding=Encoding("TIFF")))
    broken[broken.index(b"Presence")] ^= 1
    found = loading.load(bytes(broken)).origin
    assert found.credentials is not None
    assert found.credentials.state == "Invalid"
    assert origin.NOT_VALID in found.notes
    assert credentials.read(marking.encode(face, LOOK, origin=found)) is not None


def test_originals_and_sheets_are_not_signed(signed: None, face: Image8) -> None:
    assert credentials.read(marking.encode(face, None)) is None


def test_a_changed_file_is_invalid(signed: None, face: Image8) -> None:
    data = bytearray(marking.encode(face, LOOK))
    data[-200] ^= 0xFF
    found = credentials.read(bytes(data))
    assert found is not None
    assert found.state == "Invalid"


def test_a_certificate_that_cannot_sign_raises(
    signed: None, face: Image8, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = dev_cert.make(tmp_path)[1]
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nonsense")
    for key in (other, nonsense, tmp_path / "missing.pem", ""):
        monkeypatch.setenv("PRESENCE_C2PA_KEY", str(key))
        with pytest.raises(ProvenanceError) as caught:
            marking.encode(face, LOOK)
        assert str(tmp_path) not in caught.value.sentence
        with pytest.raises(ProvenanceError):
            credentials.check()


def test_the_development_key_is_readable_by_its_owner_only(certificate: tuple[Path, Path]) -> None:
    assert certificate[1].stat().st_mode & 0o077 == 0


# -- the command line --


def inspect(path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    assert main(["inspect", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    return {line[:13].strip(" :"): line[13:] for line in lines}


def test_inspect_prints_the_metadata(
    face: Image8, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(marking.encode(face, LOOK, original=ORIGINAL))
    rows = inspect(path, capsys)
    assert rows["source type"] == "algorithmicallyEnhanced (a photo, retouched by an algorithm)"
    assert rows["look"] == str(LOOK)
    assert rows["original"] == f"sha256 {ORIGINAL}"
    assert rows["pixels"] == f"sha256 {metadata.pixel_hash(face)}"
    assert rows["credentials"] == "not said"


def test_inspect_reads_credentials(
    signed: None, face: Image8, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(marking.encode(face, LOOK, encoding=Encoding("JPEG")))
    assert main(["inspect", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "valid, signed by Development signer" in printed
    assert "c2pa.edited: a photo, retouched by an algorithm" in printed


def test_inspect_refuses_other_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.png"
    path.write_text("no picture")
    assert main(["inspect", str(path)]) == 2
    assert main(["inspect", str(tmp_path / "missing.png")]) == 2
    printed = capsys.readouterr().err
    assert printed.count("refused: not-an-image") == 2
    assert str(tmp_path) not in printed


def test_inspect_prints_no_control_characters(
    face: Image8, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encode(face, Statement("\x9b31mred\u202e", "", "", ""), Encoding("PNG")))
    assert main(["inspect", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "31mred" in printed
    assert "\x9b" not in printed
    assert "\u202e" not in printed


def test_rendered_files_have_metadata_and_other_formats_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], hopper_path: Path
) -> None:
    out = tmp_path / "out.webp"
    assert main(["render", str(hopper_path), "--look", "region=korea", "--out", str(out)]) == 0
    statement = metadata.read(out.read_bytes())
    assert statement.look.startswith("region=korea&context=linkedin")
    assert len(statement.original) == 64
    bmp = tmp_path / "out.bmp"
    assert main(["render", str(hopper_path), "--out", str(bmp)]) == 2
    assert "out.bmp. End it in .png or .jpg" in capsys.readouterr().err
    assert not bmp.exists()
