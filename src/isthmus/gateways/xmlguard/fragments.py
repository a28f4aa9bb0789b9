"""The shapes of fragments that free text may not carry, by rule; docs/reference/xmlguard.md tells them to people.

Every pattern is bounded, so that no text makes it slow. A rule of `UNBALANCED` counts only where a quote is open, which
is what ends a literal in another language: O'Brien and 'Gold' -- thanks are text.
"""

from __future__ import annotations

import re

_FORMULAS = (
    "SUM|HYPERLINK|IMPORT(?:XML|DATA|HTML|FEED|RANGE)|IMAGE|WEBSERVICE|FILTERXML|ENCODEURL|CMD|EXEC|CALL|REGISTER|DDE"
    "|RTD|INDIRECT|CONCAT(?:ENATE)?|CHAR|IF|NOW|RAND|AVERAGE|COUNT|MIN|MAX|[VHX]?LOOKUP|INDEX|INFO|CELL|ABS"
)
_TABLE = r"(?:drop\s+table|delete\s+from|insert\s+into|truncate\s+table|alter\s+table)\s+\w+"
_SELECT = r"select\s+(?:[\w*.,@()' ]{1,80}\s+from\s+\w+\s*(?:where\b|;|--|#|/\*|\Z)|@@|\w+\s*\()"
_STATEMENT = (
    r"(?:drop\s+(?:table|database|schema|user|view|index|procedure|function|role)\b|delete\s+from\s|insert\s+into\s"
    r"|update\s+[\w.\"`\[\]]{1,64}\s+set\s|alter\s+(?:table|user|role|database)\s|truncate\s+(?:table\s)?\s*\w"
    r"|create\s+(?:or\s+replace\s+)?(?:table|user|role|function|procedure|trigger|view|database)\s"
    rf"|exec(?:ute)?\s*(?:\(|@|(?:immediate|xp_|sp_|master|sys))|{_SELECT}|union\s+(?:all\s+)?select\b"
    r"|shutdown\b(?:\s+with|\s*;|\s*--|\s*\Z)|grant\s+(?:all|select|insert|execute|dba)\b|declare\s+@|merge\s+into\s"
    r"|copy\s+\w+\s+(?:from|to)\s+(?:program|')|waitfor\s+delay|attach\s+database|load\s+data\s+(?:local\s+)?infile"
    r"|pragma\s+\w|set\s+@)"
)
_COMPARED = r"(?:=|<>|!=|<|>|\bis\s+(?:not\s+)?null\b|\b(?:not\s+)?(?:like\b|between\b|regexp\b|rlike\b|in\s*\())"
_DATABASE_WORDS = (
    r"\b(?:pg_sleep|benchmark|load_file|extractvalue|updatexml|xp_\w+|dbms_\w+(?:\.\w+)?|utl_\w+(?:\.\w+)?|randomblob"
    r"|generate_series)\s*\(|\bsleep\s*\(\s*\d|\bwaitfor\s+delay\b|\binto\s+(?:out|dump)file\b|\binformation_schema\b"
    r"|\bsqlite_master\b|\bpg_catalog\b|\bsys\.(?:objects|tables)\b|@@version\b|\bxp_cmdshell\b"
)
_TAGS = (
    "script|iframe|img|svg|object|embed|applet|link|style|meta|base|form|input|button|video|audio|math|marquee|details"
    "|body|html|head|frame|frameset|template|textarea|select|isindex|xml|xss|br|div|span|table"
    "|xsl:\\w+|xi:\\w+|xs:\\w+|soap\\w*:\\w+|Document|CstmrCdtTrfInitn|GrpHdr|PmtInf|CdtTrfTxInf|Cdtr|CdtrAcct|Dbtr"
    "|DbtrAcct|IBAN|InstdAmt|Amt|CtrlSum|NbOfTxs|BridgeOrder|Login|Ticket|Symbol|Side|Volume"
)
_TAG_OF_FIX = "(?:1|6|8|9|10|11|14|17|21|31|32|34|35|37|38|39|40|41|44|49|52|54|55|56|57|58|59|60|150|151)"
_SURE_TAG_OF_FIX = "(?:34|35|38|39|40|44|49|52|54|55|56|59|60|150)"
_END_OF_FIX = r"(?:\||\^A|\^|\u2401|\\x01|\\u0001|\\001|<SOH>|\[SOH\])"
_COMMANDS = (
    r"(?:rm\s+-|cat\s+[/.~\w]{0,64}/|(?:curl|wget)\s+\S{0,64}[:/.]|nc\s+-|(?:ba|z|k)?sh\s+-|(?:ba|z)?sh\Z|whoami\b"
    r"|uname\b|(?-i:id)\s*(?:\Z|;|\||`)|ls\s+[-/]|(?-i:ls)\s*\Z|calc(?:\.exe)?\s*\Z|ping\s+-|nslookup\s|sleep\s+\d|powershell|cmd(?:\.exe)?\s*/"
    r"|python\d?\s+-|perl\s+-|php\s+-|chmod\s|sudo\s|reboot\s*\Z|dir\s+[a-z]:\\|net\s+user|shutdown\s+[-/])"
)


def _any_case(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE | re.DOTALL) for pattern in patterns)


def _as_written(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.DOTALL) for pattern in patterns)


UNBALANCED = _any_case(
    r"['`]\s*\)*\s*(?:\bx?or\b|\band\b|\|\||&&)\s*(?:not\s+)?[('\"`\s]*[\w.@%]{0,64}['\"`)\s]*" + _COMPARED,
    r"\"\s*\)*\s*(?:\bx?or\b|\band\b|\|\||&&)\s*(?:not\s+)?[(\"\s]*[\w.@%]{0,64}[\")\s]*" + _COMPARED,
    rf"['\"`]\s*\)*\s*;?\s*{_STATEMENT}",
    r"['\"`]\)*;?(?:--|#|/\*)|['\"`]\s*\)*\s*;?\s*(?:--|#|/\*)[\s+\-]*[a-z]?\s*\Z",
    r"['\"`]\s*\)*\s*(?:having|order\s+by|group\s+by|limit)\s+\(?\d",
    r"['\"`]\s*\)*\s*(?:or|and)\s+(?:not\s+)?(?:true|false|1|exists|sleep|benchmark|\(\s*select)\b",
)
"""Shapes of SQL that begin by ending a literal."""

RULES: tuple[tuple[str, tuple[re.Pattern[str], ...]], ...] = (
    (
        "formula",
        (
            *_as_written(
                r"\A\s*\"?\s*=(?!\w+=)(?:[\"'(+@\-]*[\w$]|\s+[\"'(+@\-]*(?:\d|\w+\())",
                r"\A\s*[=+\-@].{0,200}?\w\|\s*['\"]?[^|!]{0,80}['\"]?!\w",
                r"\A\s*[+\-]\s*\d+(?:\.\d+)?\s*[+*^]\s*\(?\d",
                r"\A\s*[+\-@]\$?[A-Z]{1,3}\$?\d{1,7}\s*[+*^!:(|]",
                r"\A\s*@\w+\(",
            ),
            *_any_case(
                rf"\A\s*[=@].{{0,200}}?\b(?:{_FORMULAS})\(",
                rf"\A\s*[+\-].{{0,200}}?\b(?:{_FORMULAS})\(\s*(?:[\"'\d(=+\-$@)]|\$?[A-Z]{{1,3}}\$?\d)",
                r"\bcmd(?:\.exe)?\s*\|",
                rf"[\t\r\n;,\"]\s*[=+\-@]\s*(?:{_FORMULAS})\s*\(",
            ),
        ),
    ),
    (
        "sql",
        (
            *_any_case(
                r"\b(?:or|and)\s+(?:not\s+)?\(*\s*(?:(['\"])([\w%]*)\1\s*(?:=|<=|>=|like|in\s*\()\s*\1\2"
                r"|(\w+)\s*(?:=|<=|>=)\s*\3)(?!\w)",
                rf"(?:;|\A\s*-?\d+)\s*\)*\s*;?\s*{_STATEMENT}",
                rf"{_TABLE}[^;]{{0,80}}(?:;\s*(?:--|\Z)|--)",
                r"\bunion\s+(?:all\s+|distinct\s+)?\(?\s*select\s+(?:\*|null\b|['\"\d@(]|\w+\s*\(|.{1,120}?\bfrom\b)",
                r"\bselect\s+(?:\*|@@\w+|\w+\s*\([^)]{0,80}\)|[\w.]+(?:\s*,\s*[\w.]+){1,20})\s+from\s",
                r"['\"]\s*\|\|\s*['\"(\w]|\bhaving\s+\d+\s*=\s*\d|\bupdate\s+\w+\s+set\s+\w+\s*=",
                rf"\A[\w%.@\-]{{0,32}}['\"`]\s*\)*\s*(?:x?or\b|and\b|&&)\s*[(\s]*['\"`]?[\w.@%]{{1,64}}['\"`)\s]*{_COMPARED}",
                r"\A\s*['\"`]\s*(?:=|<>|!=|like\b)|;\s*--\s*\Z|\A\s*\d+\s*(?:--|#)\s*\Z",
                r"\A[\s;)'\"#\-]*['\"][\s;)'\"#\-]*\Z",
                _DATABASE_WORDS,
                r"/\*!\d*|\w/\*.{0,20}?\*/\w",
            ),
            *_as_written(
                r"\A\s*(?:DROP TABLE|DELETE FROM|INSERT INTO|TRUNCATE TABLE|ALTER TABLE)\s+\w+(?:\s*\Z|\s*;|\s+[A-Z(])",
                r"\bUNION\s+(?:ALL\s+)?SELECT\s+[a-z@*\d'\"]",
                r"\bSELECT\s+[a-z_.]+\s+FROM\s+\w",
            ),
        ),
    ),
    (
        "query-operator",
        _any_case(
            r"\$(?:ne|gte?|lte?|n?in|regex|where|or|and|exists|expr)\b\s*[\"'\]:]",
            r"\*\)\s*\(\s*[|&!]?\s*\(?\s*\w+\s*[=~<>]|\)\s*\(\s*[|&]\s*\(|\(\s*[|&]\s*\(\w+=",
            r"['\"]\s*\]\s*[|/]|\bcount\s*\(\s*/",
        ),
    ),
    ("lookup", _any_case(r"\$\{[^}]{0,200}\}|\$\{\W*\w+:|\bjndi\s*:\s*\w+\s*:|\b(?:ldaps?|rmi|corba|iiop|nis)://")),
    (
        "template",
        _any_case(
            r"\{\{\s*[^}\s]|\{%|<%[=@!#\-\s]?\s*\w|[#*@~%]\{|\[\[\s*[\d$#]|\[%|<#\w|\$\(\s*[a-z]|#set\s*\(",
            r"__(?:proto|class|import|globals|builtins|subclasses|mro|init)__",
        ),
    ),
    (
        "fix-fragment",
        (
            *_any_case(
                r"\b8\s*=\s*FIXT?\.\d",
                rf"(?:\A|{_END_OF_FIX})\s*\d{{1,5}}=[^|^\u2401=]{{1,64}}?{_END_OF_FIX}\s*\d{{1,5}}=",
                rf"{_END_OF_FIX}\s*{_TAG_OF_FIX}=\S",
            ),
            *_as_written(
                rf"(?<!\S){_SURE_TAG_OF_FIX}=\S{{1,64}}[ ;,]+{_TAG_OF_FIX}=\S",
                r"(?<!\S)35=[A-Z]{1,2}(?!\S)",
                r"[\u2400-\u241f]",
            ),
        ),
    ),
    (
        "mt-fragment",
        _as_written(
            r"\{[1-5S]:|\{(?:CHK|MAC|PDE|MUR|108|119|121):",
            r"(?<![\w.:]):\d{2}[A-Z]?:(?=\s*\S)",
            r":\d{2}[A-Z]:|(?:\A|[\r\n]):\d{2}[A-Z]?:",
            r"(?:\A|[\r\n])\s*-\}",
        ),
    ),
    (
        "script",
        _any_case(
            rf"</?(?:{_TAGS})(?=[\s/>]|\Z)",
            r"</[a-z][\w:.\-]{0,64}\s*>|<[a-z][\w:.\-]{0,64}\s*/>|<[a-z][\w:.\-]{0,64}\s+[\w:.\-]{1,64}\s*=",
            r"<(?:a|b|i|u|p|td|tr)>|<!--|<!\[|\]\]>|<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST)|<\?\w",
            r"\b(?:java|vb|live)script\s*:|\bdata\s*:\s*[\w/+.\-]{0,64}\s*[;,]\s*(?:base64|<)|\bdata\s*:\s*text/",
            r"\bon(?:error|load|click|mouse\w+|focus|blur|toggle|begin|key\w+|submit|change|input)\s*=",
            r"\b(?:alert|eval|atob)\(|\b(?:prompt|confirm|fetch|require|setTimeout|Function)\((?:['\"`\d)]|document)",
            r"\bdocument\s*\.\s*(?:cookie|location|write)|\bwindow\s*\.\s*location|\bxmlhttprequest\b",
        ),
    ),
    (
        "path",
        _any_case(
            r"(?<![\w.])\.\.[/\\]|[/\\]\.\.(?:[/\\]|\Z)|\.\.;/|\.{4}//",
            r"(?:\A|[\s'\"=(:|<>;])/(?:etc|proc|root|bin|tmp|sys|var/(?:log|www|run)|usr/\w+|dev/(?:null|tcp|shm))(?:/\w|\Z)",
            r"\b[a-z]:\\(?:windows|users|winnt|boot|inetpub|program)|\b(?:boot|win)\.ini\b|\\\\\w[\w.\-]{0,64}\\\w",
            r"\b(?:file|php|gopher|dict|expect|jar|netdoc|phar|zip|glob|ogg|tftp|ssh2|unc)://|\bfile:/",
            r"\b169\.254\.169\.254\b|\bmetadata\.google\.internal\b",
        ),
    ),
    (
        "command",
        _any_case(
            rf"(?:;|\|\|?|&&?|`|\n)\s*{_COMMANDS}",
            r"\|\s*(?:bash|sh|nc|cmd|powershell|whoami)\b|`[a-z/][^`]{0,200}`|\(\)\s*\{",
            r"\bcmd\.exe\b|\bcmd\s+/[ck]\b|\bpowershell(?:\.exe)?\s+-|/bin/(?:ba)?sh\b",
        ),
    ),
    (
        "object",
        _as_written(
            r"\b[OCa]:\d+:[\"{]|\brO0AB|!!(?:python|ruby|java|js)[/\w]|\baced0005",
            r"[\"']\s*,\s*[\"'][\w$]+[\"']\s*:|[\"']\s*\}\s*,?\s*\{?\s*[\"'\]]",
        ),
    ),
    ("format", _as_written(r"(?:%(?:\d+\$)?(?:\d*\.?\d*)?[nsxpd]){2,}|%\d*\$?h?h?n\b")),
    (
        "header",
        _any_case(
            r"[\r\n]\s*(?:set-cookie|location|content-[\w-]{1,32}|host|transfer-encoding|x-[\w-]{1,32}|https?/\d)\s*[:\d]",
            r"%0[ad]|%00|%u00|%c0%a[ef]",
        ),
    ),
    ("utf-7", _as_written(r"\+A(?:Dw|D4|CI|CY|Cc)[A-Za-z0-9+/]*-")),
)
"""In this order; the first that is found is named."""
