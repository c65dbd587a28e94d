"""One plain regular expression per label, against which the detector is measured."""

from __future__ import annotations

REGULAR_EXPRESSIONS = {
    "transformer": r"\btransformers?\b|self-attention|(?-i:\bViTs?\b|\bSwin\b|\w*BERT\w*)|multi-head attention",
    "llm": r"\blarge (vision-)?language models?\b|(?-i:\b\w?LLMs?\b|\bVLMs?\b)|\bGPT-?[345]|ChatGPT|LLaMA"
    r"|vision-language model",
    "diffusion": r"\bdiffusion (model|transformer|polic|probabilistic)|diffusion-based|denoising diffusion"
    r"|latent diffusion|stable diffusion|score-based|flow matching|\bDDPM|\bDDIM",
    "ssm": r"\w*mamba\b|structured state[- ]space|selective state[- ]space|state[- ]space models? \(SSM|(?-i:\bS4\b)",
    "gnn": r"\bgraph (neural|convolution\w*|attention|transformer)|(?-i:\bGNNs?\b|\bGCNs?\b)|message.passing neural",
    "rl": r"reinforcement learning|(?-i:\bRL\b|\bPPO\b)|\bRLHF\b|\bGRPO\b|\bbandits?\b|Q-learning|actor-critic"
    r"|policy gradient",
    "compression": r"\bquantiz|\bpruning\b|knowledge distillation|model compression|\bLoRA\b|low-rank adapt"
    r"|parameter-efficient|KV cache",
    "efficiency": r"efficien|latency|speed-?up|memory (footprint|usage)|computational cost|throughput|accelerat",
    "evaluation": r"benchmark|evaluation (framework|protocol|metric)|calibrat|leaderboard|systematic(ally)? evaluat",
    "data_governance": r"privacy|fairness|federated|unlearning|copyright|regulation|contamination|GDPR|data quality",
    "deployment": r"deploy|in production|serving|monitoring|concept drift|MLOps|on-device",
    "security": r"adversarial (attack|example|robust)|\battacks?\b|backdoor|jailbreak|poison|watermark"
    r"|prompt injection",
    "application": r"clinical|medical|patient|autonomous driving|robot|climate|financ|legal|remote sensing|protein"
    r"|traffic",
}
"""What a weekend project would use. The detector does not depend on them."""
