"""Names of benchmarks, datasets, models, methods and tools in titles and abstracts, with kind and role."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analysis.names.candidates import Candidate, Reading, read_paper
from analysis.names.tokens import ACRONYM, LOWER_DIGIT, MIXED
from domain.detections import Evidence
from domain.name_mention import NameKind, NameMention, NameRole

_ACRONYMS = frozenset(
    "ai ml nlp llm mllm vlm lvlm vla slm lm lrm gan cnn rnn lstm gnn gcn mlp vit vae rl rlhf rlvr marl irl sft "
    "rag cot moe ssm dnn nn snn kan vqa ner ocr asr tts qa mt api gpu cpu tpu fpga npu asic iot 2d 3d 4d cv us "
    "uk eu usa ieee acl neurips icml iclr cvpr f1 auc auroc map miou iou psnr ssim fid bleu rouge cer wer mse "
    "rmse mae ood iid sota kv xai agi gpt url pdf html json xml sql gdpr mri ct eeg ecg emg ehr fmri pet "
    "covid-19 dna rna uav lidar radar rgb rgb-d slam sar imu nerf 3dgs ode pde sde mcmc svm knn pca k-nn sgd "
    "bert-like top-1 top-k t2i i2v t2v nli nlu nlg ir hci kl mdp pomdp pinn pinns fl dp peft ptq qat fp16 int8 "
    "int4 bf16 fp8 http https github".split()
)
_INTRODUCED = re.compile(
    r"\b(?:introduc|propos|present|releas|develop|design|creat|construct|build|built|contribut|call(?:ed)?|dubbed|named|"
    r"termed|describe|unveil|establish|curate|coin)\w*\b[^.;]{0,60}$",
    re.I,
)
_SPOKEN_OF = re.compile(
    r"(?:such as|e\.g\.,?|\blike|including|inspired by|popularity of|rise of|notably)\s[^.;]{0,40}$", re.I
)
_KIND_WORDS: tuple[tuple[NameKind, re.Pattern[str]], ...] = (
    ("benchmark", re.compile(r"\b(?:benchmarks?|leaderboard|challenge|test suite|testbed)\b", re.I)),
    ("dataset", re.compile(r"\b(?:datasets?|corpus|corpora|database|collection)\b", re.I)),
    (
        "tool",
        re.compile(r"\b(?:library|toolkit|simulator|platform|software|package|toolbox|open-source system)\b", re.I),
    ),
    (
        "model",
        re.compile(r"\b(?:(?:foundation|language|world|vision-language|pre-?trained) models?|LLMs?|VLMs?)\b", re.I),
    ),
    (
        "method",
        re.compile(r"\b(?:framework|method|approach|algorithm|architecture|network|pipeline|loss|strategy)\b", re.I),
    ),
)
_KIND_SHAPES: tuple[tuple[NameKind, re.Pattern[str]], ...] = (
    ("benchmark", re.compile(r"bench\b|eval\b|arena\b|^(?:MMLU|AIME|GSM|MATH|HumanEval|GPQA)", re.I)),
    ("dataset", re.compile(r"^(?:ImageNet|CIFAR|COCO|MNIST|KITTI|MIMIC|LAION)|\d[kM]$", re.I)),
    (
        "model",
        re.compile(r"^(?:GPT|Llama|Qwen|Gemini|Claude|DeepSeek|Mistral|Gemma|BERT|CLIP|DINO|SAM|T5|Phi)|\d+B\b", re.I),
    ),
)


class NameTagger:
    """Finds the names in titles and abstracts."""

    tagger_id = "names-rules-1"

    def tag_text(self, title: str, abstract: str) -> tuple[NameMention, ...]:
        """The names of one paper, in the order of their first occurrences."""
        reading = read_paper(title, abstract, frozenset())
        found = [mention for candidate in reading.candidates if (mention := _mention(candidate, reading))]
        return tuple(found)

    def tag_texts(self, texts: Sequence[tuple[str, str]]) -> list[tuple[NameMention, ...]]:
        """The names of each title and abstract."""
        return [self.tag_text(title, abstract) for title, abstract in texts]


def _mention(candidate: Candidate, reading: Reading) -> NameMention | None:
    first = candidate.occurrences[0]
    tokens = reading.zones[first.zone].tokens
    is_prefix = (
        first.zone == 0 and first.first == 0 and first.last == reading.zones[0].prefix_end - 1 and first.last < 3
    )
    distinct = first.first == first.last and tokens.shapes[first.first] in (MIXED, ACRONYM, LOWER_DIGIT)
    plural = candidate.surface.endswith("s") and candidate.surface[:-1].isupper()
    if (not distinct and not is_prefix) or plural or candidate.key in _ACRONYMS or len(candidate.key) < 3:
        return None
    befores, afters, spans = [], [], []
    for occurrence in candidate.occurrences:
        zone = reading.zones[occurrence.zone]
        start, end = zone.tokens.starts[occurrence.first], zone.tokens.ends[occurrence.last]
        befores.append(zone.plain.text[max(0, start - 80) : start])
        afters.append(zone.plain.text[end : end + 60])
        spans.append(Evidence(zone.field, *zone.plain.raw_span(start, end)))
    introduced = is_prefix or any(_INTRODUCED.search(before) for before in befores)
    role: NameRole = (
        "introduces" if introduced else "mentions" if all(_SPOKEN_OF.search(b) for b in befores) else "uses"
    )
    return NameMention(candidate.surface, _kind(candidate.surface, afters), role, tuple(spans), 0.6, 0.6)


def _kind(surface: str, afters: Sequence[str]) -> NameKind:
    for kind, shape in _KIND_SHAPES:
        if shape.search(surface):
            return kind
    for after in afters:
        places = [(m.start(), kind) for kind, word in _KIND_WORDS if (m := word.search(after))]
        if places:
            return min(places)[1]
    return "method"
