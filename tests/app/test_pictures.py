from __future__ import annotations

import io
import stat
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mi_studio.core.errors import BadFileError
from mi_studio.core.pictures import SIDE, crop_to_square, load_picture

GRADIENT = np.tile(np.arange(60, dtype=np.uint8)[None, :, None], (40, 1, 3))


def saved(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)
    return path


def png_of_size(width: int, height: int) -> bytes:
    """A PNG whose header claims a huge picture and which holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


def test_an_ordinary_picture(tmp_path: Path) -> None:
    found = load_picture(saved(tmp_path / "a.png", Image.fromarray(GRADIENT)))
    assert found.dtype == np.uint8
    assert np.array_equal(found, GRADIENT[:, 10:50])


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "bmp", "gif", "tif"])
def test_every_format_gives_three_channels(tmp_path: Path, suffix: str) -> None:
    assert load_picture(saved(tmp_path / f"a.{suffix}", Image.fromarray(GRADIENT))).shape == (40, 40, 3)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "YCbCr", "I;16", "I", "F"])
def test_every_colour_mode(tmp_path: Path, mode: str) -> None:
    grey = Image.fromarray(GRADIENT[..., 0])
    image = grey.convert("I").convert("I;16") if mode == "I;16" else grey.convert(mode)
    found = load_picture(saved(tmp_path / "a.tif", image))
    assert found.shape == (40, 40, 3)
    assert found.dtype == np.uint8


def test_deep_grey_is_scaled_not_clipped(tmp_path: Path) -> None:
    deep = np.linspace(0, 65535, 64, dtype=np.uint16).reshape(8, 8)
    found = load_picture(saved(tmp_path / "deep.png", Image.fromarray(deep)))
    assert found.min() == 0
    assert found.max() == 255
    assert len(np.unique(found)) == 64


def test_transparency_lies_on_white(tmp_path: Path) -> None:
    found = load_picture(saved(tmp_path / "clear.png", Image.new("RGBA", (4, 4), (0, 0, 0, 0))))
    assert found.min() == 255


def test_rotation_of_a_camera_is_undone(tmp_path: Path) -> None:
    image = Image.fromarray(GRADIENT)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter, clockwise
    for suffix in ("png", "tif", "webp"):
        found = load_picture(saved(tmp_path / f"turned.{suffix}", image, exif=exif))
        assert np.abs(found - np.rot90(GRADIENT[:, 10:50], -1).astype(int)).max() <= 3
    large = image.resize((6000, 4000))
    found = load_picture(saved(tmp_path / "turned.jpg", large, exif=exif))
    assert found[10, 256, 0] + 20 < found[500, 256, 0]


def photograph(width: int, height: int) -> Image.Image:
    """A picture with edges, slopes and grain, as a camera gives it."""
    y, x = np.mgrid[:height, :width] / height
    light = 60 + 40 * np.sin(9 * x + 4 * y) + 130 * (np.hypot(x - 0.6, y - 0.5) < 0.3)
    colours = np.stack([light, 0.7 * light + 40 * y, 200 - 0.8 * light], 2)
    grain = np.random.default_rng(0).normal(0, 6, colours.shape)
    return Image.fromarray(np.clip(colours + grain, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif"])
@pytest.mark.parametrize("size", [(2250, 3001), (1800, 1350), (513, 700)], ids=str)
def test_a_large_picture_is_kept_small_and_scores_the_same(
    tmp_path: Path, suffix: str, size: tuple[int, int]
) -> None:
    path = saved(tmp_path / f"large.{suffix}", photograph(*size))
    found = load_picture(path)
    assert found.shape == (SIDE, SIDE, 3)
    with Image.open(path) as image:
        whole = np.asarray(image.convert("RGB"))
    for side in (32, 64):  # what the attack sees is what it would see of the whole picture
        there, here = (crop_to_square(picture, side).astype(int) for picture in (whole, found))
        assert np.abs(there - here).max() <= 2


def test_a_large_clear_picture_lies_on_white(tmp_path: Path) -> None:
    half = Image.new("RGBA", (1600, 1200), (200, 0, 0, 128))
    found = load_picture(saved(tmp_path / "half.png", half))
    assert found.shape == (SIDE, SIDE, 3)
    assert np.abs(found.astype(int) - (227, 127, 127)).max() <= 1


def test_first_frame_of_an_animation(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (5, 5), colour) for colour in ("red", "blue")]
    path = tmp_path / "moving.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert tuple(load_picture(path)[0, 0]) == (255, 0, 0)


def test_unicode_path(tmp_path: Path) -> None:
    folder = tmp_path / "写真 フォルダ"
    folder.mkdir()
    assert load_picture(saved(folder / "猫の写真 ①.png", Image.fromarray(GRADIENT))).shape == (40, 40, 3)


def _truncated() -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, "JPEG")
    return buffer.getvalue()[:3000]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"This is a text.", "not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
        (b"\x89PNG\r\n\x1a\n", ""),
        (_truncated(), "damaged"),
        (png_of_size(20_000, 20_000), "pixels"),
        (png_of_size(10_000, 10_000), "pixels"),
        (png_of_size(300, 300), "damaged"),
    ],
    ids=["empty", "text", "eps", "header only", "truncated", "bomb", "large", "no data"],
)
def test_bad_files_are_told_in_one_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "bad.png"
    path.write_bytes(content)
    with pytest.raises(BadFileError) as caught:
        load_picture(path)
    text = str(caught.value)
    assert "bad.png" in text
    assert says in text
    assert text.endswith(".")
    assert "\n" not in text


def test_missing_and_folder(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match="does not exist"):
        load_picture(tmp_path / "none.png")
    with pytest.raises(BadFileError, match="not a file"):
        load_picture(tmp_path)
    with pytest.raises(BadFileError):
        load_picture(Path("bad\0name.png"))


def test_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path / "locked.png", Image.fromarray(GRADIENT))
    path.chmod(stat.S_IWUSR)

    def refuse(*_args: object, **_options: object) -> object:  # a superuser may read everything
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(BadFileError, match="Permission denied"):
        load_picture(path)


@pytest.mark.parametrize("shape", [(40, 60), (60, 40), (1, 9), (32, 32), (500, 31)])
def test_the_middle_square(shape: tuple[int, int]) -> None:
    assert crop_to_square(np.zeros((*shape, 3), np.uint8), 32).shape == (32, 32, 3)
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 200
    assert crop_to_square(wide, 5).min() == 200
