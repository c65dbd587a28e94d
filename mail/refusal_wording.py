"""Reads the reason of a refusal in the text that mail servers write, in the languages that they write in.

A server says that an address takes no mail by a noun of its side (user, mailbox, recipient) and a word for absence
(unknown, not found) in one clause; which comes first depends on the language. A clause about the sender says nothing
about the address. Characters outside ASCII may have been lost on the way, so the patterns let any one or two characters
stand for one.
"""

from __future__ import annotations

import re

_MAX_CHARS = 16_000


def _pattern(at_word: str, anywhere: str = "") -> re.Pattern[str]:
    """A pattern for text in lower case: alternatives that begin at a word boundary, and others.

    Case and word boundary are not left to each alternative, because ``re`` then tries all of them at every character.
    """
    return re.compile(rf"\b(?:{at_word})" + (f"|{anywhere}" if anywhere else ""), re.VERBOSE)


ADDRESS = "\ue000"
"""Stands for an address, which could hold any word; a character that no text holds."""

# -- our sender or our mail

OUR_SENDER = _pattern(
    r"""sender(?:'?s)?\s+(?:e-?mail\s+|envelope\s+)?(?:address|domain|host|ip|verif|is\b|not\b|reject|denied|refus|block
            |unknown|invalid)
        |(?:unknown|invalid|bad)\s+sender\b
        |mail\s+from\s+command|after\s+(?:pipelined\s+)?mail\s+from\b
        |relay(?:ing)?\s+(?:access\s+)?(?:is\s+)?(?:denied|not\s+(?:permitted|allowed)|prohibited|forbidden|refused)
        |(?:unable|permitted|allowed|cannot|not|refuse)\s+(?:to\s+)?relay\b
        |spam(?!\w*trap)|(?:black|block|deny)-?\s?list|(?:dns)?rbl\b
        |spf\b|dkim\b|dmarc\b|dns\s+mx\b|ptr\b|reverse\s+(?:dns|lookup)|rdns\b
        |спам""",
    r"spamhaus|dnsbl|reputation|unsolicited|垃圾|迷惑メール|スパム|스팸",
)
"""Text about the sender, a block list or relaying."""

OUR_MAIL = _pattern(
    r"""policy\b|policies\b|content\b|virus\b|malware\b|phish|banned\b|blocked\b
        |too\s+(?:large|big|long)\b|(?:message|mail)\s+size\b|size\s+(?:limit|exceed)|not\s+authori[sz]ed\b
        |after\s+end\s+of\s+data\b|end\s+of\s+data\s+command
        |zu\s+gro|richtlinie|trop\s+(?:volumineux|grand)|demasiado\s+grande|troppo\s+grande|muito\s+grande""",
    r"authenticat|слишком\s+(?:больш|велик)|过大|過大|大きすぎ",
)
"""Text about this mail or a policy."""

# -- what may pass

FULL = _pattern(
    r"""quota\b|(?:mailbox|inbox|account|user|box|disk|storage)\b.{0,30}\bfull\b|full\s+mailbox
        |insufficient\s+(?:disk|storage|system)|out\s+of\s+(?:disk|storage)|storage\b.{0,30}\bexceed
        |postfach.{0,60}\b(?:ü|.{1,2})?(?:ber)?voll\b|(?:kontingent|speicherplatz)\b.{0,60}\b(?:voll|ersch|.{1,2}berschritten)
        |bo.{1,2}tes?\b.{0,60}\bpleines?\b|buz.{1,2}n\b.{0,40}\bllen[oa]\b|casella\b.{0,40}\bpiena\b
        |caixa\b.{0,40}\bcheia\b|postvak\b.{0,30}\bvol\b""",
    r"""ящик.{0,40}(?:пере|за)полнен|(?:пере|за)полнен.{0,40}ящик|превышен.{0,20}(?:квот|объ.м)|квот.{0,20}превышен
        |[邮郵信]箱.{0,10}[满滿]|空[间間]不足|容量.{0,6}[超不]|配[额額]|(?:容量|メールボックス).{0,20}(?:いっぱい|一杯|超)
        |(?:메일함|편지함|용량).{0,15}(?:가득|초과)""",
)
"""Text about a full mailbox."""

RATE = _pattern(
    r"""rate\b|rates\b|rate-?limit|too\s+(?:many|fast|quickly|frequent|much\s+mail)|throttl
        |try(?:ing)?\s+(?:it\s+)?(?:again|later)\b|temporar|gr[ae]y-?list|retry\s+timeout
        |vor.{1,2}bergehend|temporaire|temporal""",
    r"временн|позже|稍[后後]|一時的|しばらく",
)
"""Text about a rate limit, or about trying again."""

# -- an address that takes no mail

# By language: nouns for the address or its owner, words for absence after the noun, and words for absence before it.
# Nouns, and words before them, begin at a word boundary here.
_LANGUAGES: dict[str, tuple[str, str, str]] = {
    "English": (
        r"(?:user(?:id|name|s)?|recipients?|mail-?\s?box(?:es)?|accounts?|addressees?|alias(?:es)?|local[-\s]?part"
        r"|(?:e-?mail\s+)?address(?:es)?|e-?mail\s+name)\b",
        r"\b(?:unknown(?!\s+(?:error|reason|problem|status|cause))|no\s+longer\b|expired|missing\s+home\s+directory"
        r"|(?:could|can|was|were|is|are)(?:n't|\s*not)\s+(?:be\s+)?(?:found|located|known|recogni[sz]ed)|not\s+found"
        r"|(?:does|do|did)(?:n't|\s+not)\s+exist|not\s+exist|(?:is\s+|has\s+)?moved\s+to"
        r"|not\s+(?:be\s+found|known|recogni[sz]ed|active|local|present|listed|available)"
        r"|(?:is\s+|was\s+|has\s+been\s+)?(?:disabled|inactive|deactivated|closed|discontinued|suspended|deleted"
        r"|removed|cancell?ed|terminated|unavailable|invalid|wrong))\b",
        r"(?:unknown|no\s+such|no\s+valid|no\s+local|invalid|illegal|non-?existent|undeliverable|inactive|deactivated"
        r"|bad(?:\s+destination)?)[\s/]+(?:(?!(?:for|to|in|at|of|by|from|error|reason|problem|message|header|command"
        r"|content|character|response)\b)[\w/]+[-\s]+){0,3}?",
    ),
    "German": (
        r"(?:empf.{1,2}nger\w*|benutzer\w*|nutzer|postfach|konto|(?:e-?mail-?)?adress\w*)",
        r"(?:\bunbekannt|existier\w+\s+nicht|(?:nicht|nicht\s+mehr)\s+(?:gefunden|vorhanden|bekannt|existent)"
        r"|gibt\s+es\s+nicht|\bdeaktiviert|\bgel.{1,2}scht|\bung.{1,2}ltig)",
        r"(?:unbekannte\w*|ung.{1,2}ltige\w*|keine?n?\s+(?:solche\w*|g.{1,2}ltige\w*))\s+",
    ),
    "French": (
        r"(?:adresse\w*|utilisateur|destinataires?|compte|bo.{1,2}te)\b",
        r"(?:\binconnue?s?\b|\bintrouvables?\b|\bn\W?existe(?:nt)?\s+(?:pas|plus)|\binexistante?s?\b|\barchiv|invalide"
        r"|\bd.{1,2}sactiv|\bpas\s+(?:.{1,2}t.{1,2}\s+)?(?:trouv|reconnu)|\bsupprim)",
        r"(?:aucune?|inconnue?)\s+",
    ),
    "Spanish, Portuguese, Italian": (
        r"(?:direcci.{1,2}n\w*|usuarios?|destinat.{1,2}rios?|buz.{1,2}n|cuenta|endere.{1,2}o|usu.{1,2}rios?|conta|caixa"
        r"|indirizzo|utente|casella|(?:dicha\s+)?persona)\b",
        r"\b(?:desconocid[oa]|desconhecid[oa]|sconosciut[oa]|inexistente|inesistente|inv.{1,2}lid[oa]|desactivad[oa]"
        r"|desativad[oa]|disattivat[oa]|n(?:o|on|.{1,2}o)\s+(?:existe|esiste|(?:\S{1,3}\s+){0,2}(?:ha\s+|stat[oa]\s+|foi\s+|pudo\s+|"
        r"p.{1,2}de\s+)?(?:ser\s+)?(?:encontr|trovat|localizad)))",
        r"(?:no\s+existe|non\s+esiste|nessun|no\s+se\s+(?:ha\s+)?encontr\S+)\s+(?:\w+\s+){0,2}?",
    ),
    "Dutch and Nordic": (
        r"(?:gebruiker|(?:e-?mail)?adres\w*|postvak|ontvanger|anv.{1,2}ndare\w*|mottagare\w*|modtager\w*|mottaker\w*"
        r"|bruker\w*|konto\w*)",
        r"\b(?:onbekend|bestaat\s+niet|niet\s+gevonden|ongeldig|finns\s+inte|ok.{1,2}nd\b|hittades\s+inte|findes\s+ikke"
        r"|finnes\s+ikke|ukendt|ukjent)",
        r"(?:onbekende|ok.{1,2}nd|ukendt|ukjent)\s+",
    ),
    "Polish and Czech": (
        r"(?:u.{1,2}ytkowni\w+|odbiorc\w+|adres\w*|konto|skrzynk\w+|u.{1,2}ivatel\w*|p.{1,2}.{1,2}jemce|schr.{1,2}nka)",
        r"\b(?:nie\s+istnieje|nieznan\w+|nie\s+(?:zosta\S+\s+)?znalezion\w+|neexistuje|nezn.{1,2}m|nenalezen)",
        r"(?:nieznan\w+|nezn.{1,2}m\w+)\s+",
    ),
}
# Within a word as well: Russian has prefixes, and in the languages of East Asia words are not set apart.
_LANGUAGES_WITHOUT_BOUNDARIES: dict[str, tuple[str, str, str]] = {
    "Russian and Ukrainian": (
        r"(?:пользовател\w*|получател\w*|адрес\w*|ящик\w*|аккаунт\w*|уч.тн\w+\s+запис\w+|користувач\w*|скриньк\w*)",
        r"(?:не\s+(?:существует|найден|зарегистрирован|обнаружен|існує|знайден)|неизвест|нет\s+(?:в\s|на\s))",
        r"(?:несуществующ\w+|неизвестн\w+|нет\s+тако\w+|тако\w+)\s+",
    ),
    "Chinese, Japanese, Korean": (
        r"(?:用户|用戶|使用者|收件[人者]|地址|[邮郵信]箱|[账帳]号|帳號|宛先|アドレス|ユーザー?|受信者|メールボックス|アカウント"
        r"|받는\s?사람|수신자|사용자|주소|계정)",
        r"(?:不存在|找不到|未找到|被禁用|被停用|[无無]效|見つか(?:りません|らな)|存在し(?:ません|ない)|不明"
        r"|찾을\s?수\s?없|존재하지\s?않)",
        r"(?:不存在|找不到|[无無]效的?|存在しない|존재하지\s?않는)\s?",
    ),
}


def _missing_mailbox(languages: dict[str, tuple[str, str, str]]) -> str:
    """A noun and a word for absence after it or before it, with nothing of the server's own between them."""
    return "|".join(
        rf"{noun}(?:(?!server|service|system|network|\bhost\b).){{0,60}}?{after}|{before}{noun}"
        for noun, after, before in languages.values()
    )


_NO_MAILBOX = _pattern(_missing_mailbox(_LANGUAGES), _missing_mailbox(_LANGUAGES_WITHOUT_BOUNDARIES))
_NO_MAILBOX_PHRASE = _pattern(
    r"""(?:unknown|no\s+such|invalid|bad)\s+(?:local\s+)?person\b|nobody\s+by\s+that\s+name
        |no\s+(?:mailbox|mail\s+box|account|user|one|person)\b.{0,30}\b(?:here|by\s+that|with\s+that|of\s+that|at\s+this|found|available)
        |badrcptto\b|validrcptto\b|can(?:'|no)t\s+accept\s+user\b
        |does\s+not\s+like\s+recipient
        |does(?:n't|\s+not)\s+have\s+an?\s+\S+\s+(?:account|mailbox)
        |not\s+(?:an?\s+)?(?:valid|known|active|local)\s+(?:user|recipient|mailbox|address|account)
        |not\s+(?:found\s+)?(?:in|on)\s+(?:the\s+|our\s+|my\s+|ldap\s+)?(?:directory|list\s+of\s+(?:users|recipients))
        |no\s+matches\s+to\s+nameserver\s+query|final\s+e-?mail\s+delivery\s+point
        |has\s+left\s+(?:the|our)\s+(?:company|organi[sz]ation)|no\s+longer\s+(?:works|employed)\b
        |(?:recipient|address)\s+rejected[.\s]*$""",
    rf"""{ADDRESS}[\s:,>.]{{0,6}}(?:is\s+|was\s+|has\s+)?(?:unknown|not\s+(?:be\s+)?found|no\s+longer|does\s+not\s+exist
            |doesn't\s+exist)\b
        |recipientnotfound|recip\s?notfound|nosuchuser|was(?:\s+not|n't)\s+found\s+(?:at|in)\b""",
)
_DOMAIN_REST = r"""(?:\s+or\s+domain)?(?:\s+name)?.{0,40}?(?:\b(?:not\s+found
            |(?:could|can|was)(?:n't|\s*not)\s+be\s+found|does\s+not\s+exist|doesn't\s+exist|unknown|must\s+exist|existiert\s+nicht|nicht\s+gefunden|introuvable
            |n\W?existe\s+pas|no\s+existe|non\s+esiste|nie\s+istnieje)\b|не\s+(?:существует|найден)|不存在|找不到
            |見つか(?:りません|らな)|存在し(?:ません|ない))"""
_NO_DOMAIN = _pattern(
    rf"""(?:host(?:-?name)?|domain\w*|dominio|dom.{{1,2}}nio|домен\w*)\b{_DOMAIN_REST}
        |(?:no\s+such|unknown|non-?existent|illegal)\s+(?:host|(?:mail\s+)?domain)|unroute?able\b|nxdomain\b
        |null\s?mx\b|no\s+smtp\s+service\b|bad\s+destination\s+system
        |couldn't\s+find\s+any\s+host|mx\s+records?\s+point\s+to\s+non-?existent""",
    rf"(?:域名|ドメイン|도메인){_DOMAIN_REST}",
)
_OUR_SIDE = _pattern(
    r"""(?:sender|originator|absender|exp.{1,2}diteur|remitente|emisor|remetente|mittente|afzender|nadawc|avs.{1,2}ndar
            |avsender)
        |mail\s+from\b|from\s+address\b|your\s+(?:domain|host|server|ip|address)|helo\b|ehlo\b|reverse\b""",
    r"отправител|[发發]件人|寄件[者人]|送信[者元]|差出人|보낸\s?사람|발신자",
)
# Both also within a word.
_RETURNED = re.compile(r"return(?:ed|ing)?\s+(?:\w+\s+){0,3}to\s+(?:the\s+)?sender|an\s+den\s+absender\s+zur")

_CLAUSE_ENDS = re.compile(r"[.;!?]+(?=\s|$)|\n|[。；！]")
# A line of this length goes on in the next, which may repeat the reply code.
_WRAPPED = re.compile(r"(?<=[^\n]{56})\n(?!\n)(?:[45]\d\d[- ](?:[45]\.\d{1,3}\.\d{1,3})?)?")


def missing(text: str) -> str:
    """What does not exist according to the text: ``mailbox``, ``domain``, or neither, an empty string.

    Examples
    --------
    >>> missing("550 no such user here"), missing("Die Adresse wurde nicht gefunden."), missing("host not found")
    ('mailbox', 'mailbox', 'domain')
    >>> missing("550 the sender's address does not exist"), missing("mailbox full")
    ('', '')
    """
    found = ""
    for clause in _CLAUSE_ENDS.split(_WRAPPED.sub(" ", text[:_MAX_CHARS].lower())):
        clause = _RETURNED.sub(" ", clause)
        if _OUR_SIDE.search(clause):
            continue
        if _NO_MAILBOX.search(clause) or _NO_MAILBOX_PHRASE.search(clause):
            return "mailbox"
        if _NO_DOMAIN.search(clause):
            found = "domain"
    return found
