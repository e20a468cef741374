"""`QS1xx`: files and formats."""

from __future__ import annotations

from qsync.project.code_info import CodeInfo

FILE_CODES: tuple[CodeInfo, ...] = (
    CodeInfo(
        "QS100",
        "a file cannot be read",
        "The file exists, but the system refuses to open it.",
        "Check its rights, and that it is a file.",
    ),
    CodeInfo(
        "QS101",
        "not valid YAML",
        "The text breaks YAML's grammar: indentation, a colon or quote too many or too few, a tab, "
        "a control character. The reader gave up at that place; the fault may be a line above.",
        "Indent with spaces, quote texts that hold `: ` or ` #`.",
    ),
    CodeInfo(
        "QS102",
        "not UTF-8",
        "The file is stored in another encoding, often UTF-16 from an editor on Windows.",
        "Save it as UTF-8. A byte order mark is fine.",
    ),
    CodeInfo(
        "QS103",
        "a part of YAML that qsync does not read",
        "Tags (`!…`), anchors (`&x`), aliases (`*x`), merge keys (`<<`) and directives (`%…`) are "
        "refused: they can run code or grow without bound in other tools, and hide from a reviewer "
        "what a sync does.",
        "Write the values out. What all syncs share goes into `defaults` of `qsync.yml`.",
    ),
    CodeInfo(
        "QS104",
        "the file is too large or nested too deeply",
        "More than 1 MiB, or more than 20 levels.",
        "Split it: any number of `*.qsync.yml` files is read.",
    ),
    CodeInfo(
        "QS105",
        "a key stands twice",
        "One mapping holds the same key twice; most tools silently take the last.",
        "Keep one of the two. The message names the line of the first.",
    ),
    CodeInfo(
        "QS106",
        "the file is empty or not a mapping",
        "`qsync.yml` holds nothing, or a file begins with a list or a text. A sync file with "
        "comments only is fine.",
        "Begin with `version: 1`. `qsync init` writes a commented `qsync.yml`.",
    ),
    CodeInfo(
        "QS107",
        "a second document in one file",
        "A line `---` in the middle of the file begins a second YAML document.",
        "Put it into a file of its own; several syncs can stand under one `syncs:`.",
    ),
    CodeInfo(
        "QS110",
        "unknown key",
        "The key is none of this format's, at this place. Often a typing error, or a key one level "
        "too high or too low.",
        "Take the key the hint suggests; the first line of the files gives editors completion.",
    ),
    CodeInfo(
        "QS111",
        "a key is missing",
        "A sync needs `name`, `model`, `object` and `match`; a file needs `version` and `syncs`.",
        "Add it.",
    ),
    CodeInfo(
        "QS112",
        "wrong type",
        "A text where a list belongs, a number where a text belongs, or nothing at all. qsync "
        "reads YAML 1.2, in which `yes` and `no` are texts.",
        "Write `true` or `false`, `[…]` for lists, quotes for texts that look like numbers.",
    ),
    CodeInfo(
        "QS113",
        "a value that is not allowed here",
        "The value has the right type, but is none of the possible ones or out of range.",
        "The hint says what is possible. Guards are written as `20%`, as a number of rows, or "
        "`none`.",
    ),
    CodeInfo(
        "QS114",
        "another edition of the format",
        "`version` is not 1.",
        "Write `version: 1`, or upgrade qsync when a newer one wrote the file.",
    ),
    CodeInfo(
        "QS115",
        "a model reference nobody understands",
        "`model` is neither a name nor a `ref(…)`. No Jinja is rendered in sync files.",
        "Write `dim_leads`, `ref('dim_leads')`, `ref('a_package', 'dim_leads')` or "
        "`ref('dim_leads', v=2)`, without braces.",
    ),
    CodeInfo(
        "QS116",
        "a field line needs a column or a value",
        "The line is a mapping with neither `column` nor `value`, with both, or with a constant "
        "and `on_null`.",
        "Write `field: a_column`, `field: {column: a_column, on_null: clear}` or "
        "`field: {value: a_constant}`.",
    ),
    CodeInfo(
        "QS120",
        "two syncs of one name",
        "State, records and selection go by the sync's name, so it is unique in the project. Both "
        "places are named.",
        "Rename one. With `renamed_from` it keeps its state.",
    ),
    CodeInfo(
        "QS121",
        "two mappings onto one field",
        "A field of Qualified stands twice on the left side of one sync.",
        "Keep one line. If two columns feed one field, combine them in dbt.",
    ),
    CodeInfo(
        "QS122",
        "the match key is missing or another object's",
        "Leads are matched by `email`, companies by `domain`.",
        "Write `match: {email: a_column}` or `match: {domain: a_column}`.",
    ),
    CodeInfo(
        "QS123",
        "a company block in a company sync",
        "`company:` describes the company of a lead.",
        "In a sync with `object: company`, map its fields under `fields:`.",
    ),
    CodeInfo(
        "QS124",
        "clearing in a company block",
        "Many leads share a company: that one of them left the model says nothing about it, so a "
        "company block never clears.",
        "Remove the line. To clear companies, write a sync with `object: company`.",
    ),
    CodeInfo(
        "QS125",
        "nothing is mapped",
        "The sync, or its company block, names no field to write.",
        "Add `fields:`, or for a company `company_name:`.",
    ),
    CodeInfo(
        "QS126",
        "a former name that is taken",
        "`renamed_from` names the sync itself, one that is still declared, or one that two syncs "
        "claim.",
        "State has one owner: remove one of the two. After the rename has been applied, the line "
        "can go.",
    ),
    CodeInfo(
        "QS127",
        "company_name in the wrong place",
        "A company's name is no field of `fields` in Qualified's API.",
        "Write `company_name:` beside `match`: in a sync with `object: company`, or in the "
        "`company:` block of a lead sync.",
    ),
    CodeInfo(
        "QS130",
        "no dbt project",
        "There is no `dbt_project.yml` in the project directory.",
        "Run qsync in a dbt project, or name one with `--project-dir`.",
    ),
    CodeInfo(
        "QS131",
        "dbt_project.yml cannot be used",
        "It is no YAML, or has no `name`.",
        "Put it right; `dbt debug` checks it too.",
    ),
    CodeInfo(
        "QS132",
        "no qsync.yml",
        "The project has no settings for qsync beside `dbt_project.yml`.",
        "`qsync init` writes a commented one.",
    ),
    CodeInfo(
        "QS133",
        "no sync is declared",
        "There is no `*.qsync.yml` under the model paths, or those there hold comments only.",
        "`qsync new NAME --model M --object lead` writes one.",
    ),
    CodeInfo(
        "QS134",
        "dbt would read the sync files",
        "`.dbtignore` does not hide them. On some adapters dbt then warns or fails, and dbt v2 "
        "always fails.",
        "`qsync init` adds the lines `*.qsync.yml` and `*.qsync.yaml`.",
    ),
    CodeInfo(
        "QS135",
        "Jinja in dbt_project.yml",
        "A path is written in Jinja other than `env_var` with a default, which qsync, reading "
        "without dbt, does not work out. dbt's default is taken.",
        "Write the path out, or say `--target-path`.",
    ),
    CodeInfo(
        "QS140",
        "not a variable for the API key",
        "`api_key_env` is the name of an environment variable. It must start with `QUALIFIED_`, so "
        "that no other secret of a CI job can be sent anywhere by editing a file.",
        "Write `QUALIFIED_API_KEY`. If the key itself stood there, it is in your git history: "
        "replace it in Qualified.",
    ),
    CodeInfo(
        "QS141",
        "an address the key must not go to",
        "`base_url` (or QSYNC_BASE_URL) is neither Qualified's nor this machine's. Over plain http "
        "only this machine is allowed.",
        "Correct it. If a proxy is meant, whoever runs qsync allows it with "
        "`QSYNC_ALLOWED_HOSTS=host[,host]`; a file of the project cannot.",
    ),
    CodeInfo(
        "QS143",
        "the ledger is not where dbt looks for seeds",
        "`ledger.seed` lies outside the project (an error) or in none of its seed paths (a "
        "warning: `dbt seed` will not load it).",
        "Move it into a seed path, as `seeds/qsync_runs.csv`.",
    ),
    CodeInfo(
        "QS144",
        "an alert rule that cannot be meant",
        "Two rules of `alerts` have one name; `on` has `stale` without `stale_after`; or a bound "
        "is given for something that `on` does not have.",
        "The message says which. What was told is remembered by the rule's name.",
    ),
    CodeInfo(
        "QS145",
        "not a variable for an alert's address",
        "`url_env` is the name of an environment variable. It must start with `QSYNC_ALERT_`, so "
        "that no other secret of a CI job can be looked at by editing a file.",
        "Write `QSYNC_ALERT_SLACK`. If the address itself stood there, it is in your git history: "
        "make a new one where it is from.",
    ),
)
