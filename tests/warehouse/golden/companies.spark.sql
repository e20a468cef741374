-- count
WITH `keyed` AS (
  SELECT
    NULLIF(
      REGEXP_REPLACE(
        REGEXP_REPLACE(
          REGEXP_REPLACE(
            REGEXP_REPLACE(
              TRIM(' \t\r\n' FROM TRANSLATE(
                CAST(`company_domain` AS STRING),
                'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
                'abcdefghijklmnopqrstuvwxyz'
              )),
              '^[a-z][a-z0-9+.-]*://',
              ''
            ),
            '[/?#]([^/]|/)*$',
            ''
          ),
          '([ \t\r\n.]|:[0-9]*)+$',
          ''
        ),
        '^([ \t\r\n]|www[.])+',
        ''
      ),
      ''
    ) AS `k`,
    CAST(`employees` AS STRING) AS `v_employees`,
    TO_JSON(`segments`) AS `v_segments`
  FROM `db`.`prod`.`people`
  WHERE
    NOT NULLIF(
      REGEXP_REPLACE(
        REGEXP_REPLACE(
          REGEXP_REPLACE(
            REGEXP_REPLACE(
              TRIM(' \t\r\n' FROM TRANSLATE(
                CAST(`company_domain` AS STRING),
                'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
                'abcdefghijklmnopqrstuvwxyz'
              )),
              '^[a-z][a-z0-9+.-]*://',
              ''
            ),
            '[/?#]([^/]|/)*$',
            ''
          ),
          '([ \t\r\n.]|:[0-9]*)+$',
          ''
        ),
        '^([ \t\r\n]|www[.])+',
        ''
      ),
      ''
    ) IS NULL
), `grouped` AS (
  SELECT
    `k`,
    CASE
      WHEN MIN(`v_employees`) = MAX(`v_employees`)
      THEN MIN(`v_employees`)
      ELSE CAST(NULL AS STRING)
    END AS `v_employees`,
    CASE WHEN MIN(`v_employees`) <> MAX(`v_employees`) THEN 1 ELSE 0 END AS `n_0`,
    CASE
      WHEN MIN(`v_segments`) = MAX(`v_segments`)
      THEN MIN(`v_segments`)
      ELSE CAST(NULL AS STRING)
    END AS `v_segments`,
    CASE WHEN MIN(`v_segments`) <> MAX(`v_segments`) THEN 1 ELSE 0 END AS `n_1`
  FROM `keyed`
  GROUP BY
    `k`
), `source` AS (
  SELECT
    `grouped`.`k` AS `k`,
    1 AS `present`,
    MD5(
      '1.1.0c5b11f7187b' || COALESCE(
        CAST(LENGTH(`grouped`.`v_employees`) AS STRING) || ':' || `grouped`.`v_employees`,
        CASE WHEN `grouped`.`n_0` = 1 THEN '!' ELSE '~' END
      ) || COALESCE(
        CAST(LENGTH(`grouped`.`v_segments`) AS STRING) || ':' || `grouped`.`v_segments`,
        CASE WHEN `grouped`.`n_1` = 1 THEN '!' ELSE '~' END
      )
    ) AS `h`,
    `grouped`.`v_employees` AS `v_employees`,
    `grouped`.`v_segments` AS `v_segments`,
    `grouped`.`n_0`,
    `grouped`.`n_1`
  FROM `grouped`
), `state` AS (
  SELECT
    *
  FROM `qsync`.`state_people`
), `rejected` AS (
  SELECT
    `key`,
    `row_hash`,
    `attempts`,
    `first_at`,
    COALESCE(`field`, '') || ': ' || REGEXP_REPLACE(`reason`, '[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*', '#') AS `rejected_as`
  FROM `qsync`.`qsync_rejects`
  WHERE
    `stream_id` = '0123456789abcdef' AND `meaning` = '6526b526e79c'
), `met` AS (
  SELECT
    COALESCE(`source`.`k`, `state`.`key`) AS `key`,
    `source`.`h` AS `hash`,
    `source`.`present` AS `present`,
    CASE
      WHEN `source`.`present` IS NULL
      THEN CAST(NULL AS STRING)
      ELSE CASE
        WHEN `source`.`h` = `state`.`row_hash` AND `state`.`status` = 'synced'
        THEN CASE
          WHEN `source`.`k` IN (
            '126.com',
            '139.com',
            '163.com',
            'aim.com',
            'aol.com',
            'att.net',
            'bellsouth.net',
            'bigpond.com',
            'bk.ru',
            'bluewin.ch',
            'btinternet.com',
            'charter.net',
            'comcast.net',
            'cox.net',
            'daum.net',
            'duck.com',
            'earthlink.net',
            'fastmail.com',
            'fastmail.fm',
            'free.fr',
            'freenet.de',
            'gmail.com',
            'gmx.at',
            'gmx.ch',
            'gmx.com',
            'gmx.de',
            'gmx.fr',
            'gmx.net',
            'googlemail.com',
            'hanmail.net',
            'hey.com',
            'hotmail.co.uk',
            'hotmail.com',
            'hotmail.de',
            'hotmail.es',
            'hotmail.fr',
            'hotmail.it',
            'hushmail.com',
            'icloud.com',
            'inbox.lv',
            'inbox.ru',
            'juno.com',
            'laposte.net',
            'libero.it',
            'list.ru',
            'live.co.uk',
            'live.com',
            'live.fr',
            'live.nl',
            'mac.com',
            'mail.com',
            'mail.ru',
            'me.com',
            'msn.com',
            'mweb.co.za',
            'naver.com',
            'ntlworld.com',
            'optonline.net',
            'orange.fr',
            'outlook.com',
            'outlook.de',
            'outlook.es',
            'outlook.fr',
            'pm.me',
            'posteo.de',
            'proton.me',
            'protonmail.ch',
            'protonmail.com',
            'qq.com',
            'rambler.ru',
            'rediffmail.com',
            'rocketmail.com',
            'sbcglobal.net',
            'seznam.cz',
            'sfr.fr',
            'shaw.ca',
            'sina.com',
            'sky.com',
            't-online.de',
            'telenet.be',
            'terra.com.br',
            'tiscali.it',
            'tutanota.com',
            'uol.com.br',
            'verizon.net',
            'virgilio.it',
            'wanadoo.fr',
            'web.de',
            'wp.pl',
            'xtra.co.nz',
            'ya.ru',
            'yahoo.ca',
            'yahoo.co.in',
            'yahoo.co.jp',
            'yahoo.co.uk',
            'yahoo.com',
            'yahoo.com.au',
            'yahoo.com.br',
            'yahoo.de',
            'yahoo.es',
            'yahoo.fr',
            'yahoo.in',
            'yahoo.it',
            'yandex.com',
            'yandex.ru',
            'ymail.com',
            'zoho.com',
            'zohomail.com'
          )
          THEN 'free_mail'
          WHEN NOT `source`.`v_segments` IS NULL
          AND NOT REGEXP_LIKE(`source`.`v_segments`, '^[\\[](("a"|"b")(,("a"|"b"))*)?[\\]]\\z')
          THEN 'not_among_options:segments'
          ELSE CAST(NULL AS STRING)
        END
        ELSE CASE
          WHEN `source`.`k` IS NULL
          THEN 'null_key'
          WHEN NOT NOT REGEXP_LIKE(`source`.`k`, '[^ -~]')
          THEN 'non_ascii_key'
          WHEN NOT REGEXP_LIKE(`source`.`k`, '^([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]([a-z0-9-]*[a-z0-9])?\\z')
          THEN 'malformed_key'
          WHEN `source`.`k` IN (
            '126.com',
            '139.com',
            '163.com',
            'aim.com',
            'aol.com',
            'att.net',
            'bellsouth.net',
            'bigpond.com',
            'bk.ru',
            'bluewin.ch',
            'btinternet.com',
            'charter.net',
            'comcast.net',
            'cox.net',
            'daum.net',
            'duck.com',
            'earthlink.net',
            'fastmail.com',
            'fastmail.fm',
            'free.fr',
            'freenet.de',
            'gmail.com',
            'gmx.at',
            'gmx.ch',
            'gmx.com',
            'gmx.de',
            'gmx.fr',
            'gmx.net',
            'googlemail.com',
            'hanmail.net',
            'hey.com',
            'hotmail.co.uk',
            'hotmail.com',
            'hotmail.de',
            'hotmail.es',
            'hotmail.fr',
            'hotmail.it',
            'hushmail.com',
            'icloud.com',
            'inbox.lv',
            'inbox.ru',
            'juno.com',
            'laposte.net',
            'libero.it',
            'list.ru',
            'live.co.uk',
            'live.com',
            'live.fr',
            'live.nl',
            'mac.com',
            'mail.com',
            'mail.ru',
            'me.com',
            'msn.com',
            'mweb.co.za',
            'naver.com',
            'ntlworld.com',
            'optonline.net',
            'orange.fr',
            'outlook.com',
            'outlook.de',
            'outlook.es',
            'outlook.fr',
            'pm.me',
            'posteo.de',
            'proton.me',
            'protonmail.ch',
            'protonmail.com',
            'qq.com',
            'rambler.ru',
            'rediffmail.com',
            'rocketmail.com',
            'sbcglobal.net',
            'seznam.cz',
            'sfr.fr',
            'shaw.ca',
            'sina.com',
            'sky.com',
            't-online.de',
            'telenet.be',
            'terra.com.br',
            'tiscali.it',
            'tutanota.com',
            'uol.com.br',
            'verizon.net',
            'virgilio.it',
            'wanadoo.fr',
            'web.de',
            'wp.pl',
            'xtra.co.nz',
            'ya.ru',
            'yahoo.ca',
            'yahoo.co.in',
            'yahoo.co.jp',
            'yahoo.co.uk',
            'yahoo.com',
            'yahoo.com.au',
            'yahoo.com.br',
            'yahoo.de',
            'yahoo.es',
            'yahoo.fr',
            'yahoo.in',
            'yahoo.it',
            'yandex.com',
            'yandex.ru',
            'ymail.com',
            'zoho.com',
            'zohomail.com'
          )
          THEN 'free_mail'
          WHEN NOT `source`.`v_employees` IS NULL
          AND NOT REGEXP_LIKE(`source`.`v_employees`, '^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?\\z')
          THEN 'not_a_number:employees'
          WHEN NOT `source`.`v_segments` IS NULL
          AND NOT REGEXP_LIKE(`source`.`v_segments`, '^[\\[](("a"|"b")(,("a"|"b"))*)?[\\]]\\z')
          THEN 'not_among_options:segments'
          ELSE CAST(NULL AS STRING)
        END
      END
    END AS `invalid`,
    `state`.`status` AS `state_status`,
    CASE
      WHEN `source`.`h` = `state`.`row_hash` AND `state`.`status` = 'synced'
      THEN 1
      ELSE 0
    END AS `same`,
    `state`.`v_segments` AS `old_1`,
    `source`.`v_employees` AS `new_0`,
    `source`.`v_segments` AS `new_1`,
    `source`.`n_0` AS `n_0`,
    `source`.`n_1` AS `n_1`,
    COALESCE(`rejected`.`attempts`, 0) AS `attempts`,
    `rejected`.`first_at` AS `rejected_at`,
    `rejected`.`rejected_as` AS `rejected_as`,
    0 AS `other_domain`
  FROM `source`
  FULL OUTER JOIN `state`
    ON `source`.`k` = `state`.`key`
  LEFT JOIN `rejected`
    ON `source`.`k` = `rejected`.`key` AND `source`.`h` = `rejected`.`row_hash`
), `judged` AS (
  SELECT
    CASE
      WHEN `met`.`present` IS NULL
      THEN CASE WHEN `met`.`state_status` = 'removed' THEN 'gone' ELSE 'removed' END
      WHEN NOT `met`.`invalid` IS NULL
      THEN 'invalid'
      WHEN `met`.`state_status` IS NULL
      THEN 'added'
      WHEN `met`.`state_status` IN ('unsettled', 'open')
      THEN 'changed'
      WHEN `met`.`same` = 1
      THEN 'unchanged'
      WHEN (
        NOT `met`.`new_0` IS NULL
        OR (
          NOT `met`.`new_1` IS NULL
          AND (
            `met`.`old_1` IS NULL OR `met`.`new_1` <> `met`.`old_1`
          )
        )
      )
      THEN 'changed'
      ELSE 'rehash'
    END AS `fate`,
    `met`.*
  FROM `met`
), `diff` AS (
  SELECT
    CASE
      WHEN `judged`.`fate` IN ('added', 'changed') AND `judged`.`attempts` >= 2
      THEN 'resting'
      ELSE `judged`.`fate`
    END AS `op`,
    CASE
      WHEN `judged`.`fate` IN ('added', 'changed') AND `judged`.`attempts` > 0
      THEN 1
      ELSE 0
    END AS `retried`,
    COALESCE(`judged`.`invalid`, `judged`.`rejected_as`) AS `reason`,
    `judged`.`key` AS `key`,
    `judged`.`hash` AS `hash`,
    CASE
      WHEN `judged`.`state_status` = 'unsettled'
      THEN 1
      WHEN `judged`.`state_status` = 'open'
      THEN 2
      ELSE 0
    END AS `unsettled`,
    CASE
      WHEN NOT `judged`.`present` IS NULL AND `judged`.`state_status` = 'removed'
      THEN 1
      ELSE 0
    END AS `returned`,
    CASE
      WHEN `judged`.`fate` = 'unchanged'
      THEN CAST(NULL AS STRING)
      ELSE CASE
        WHEN `judged`.`present` IS NULL
        THEN '-'
        WHEN `judged`.`n_0` = 1
        THEN '!'
        WHEN `judged`.`new_0` IS NULL
        THEN '-'
        ELSE 's'
      END || CASE
        WHEN `judged`.`present` IS NULL
        THEN '-'
        WHEN `judged`.`n_1` = 1
        THEN '!'
        WHEN `judged`.`new_1` IS NULL
        THEN '-'
        WHEN `judged`.`old_1` IS NULL
        THEN 's'
        WHEN `judged`.`new_1` <> `judged`.`old_1`
        THEN 'c'
        ELSE '.'
      END
    END AS `kinds`,
    `judged`.`new_0` AS `v_employees`,
    COALESCE(
      `judged`.`new_1`,
      CASE
        WHEN `judged`.`state_status` IN ('unsettled', 'open') AND NOT `judged`.`old_1` IS NULL
        THEN 'qsync:unknown'
        ELSE `judged`.`old_1`
      END
    ) AS `v_segments`,
    `judged`.`n_0` AS `n_0`,
    `judged`.`n_1` AS `n_1`,
    `judged`.`attempts` AS `attempts`,
    `judged`.`rejected_at` AS `rejected_at`,
    `judged`.`other_domain` AS `other_domain`
  FROM `judged`
)
SELECT
  `op`,
  `retried`,
  `unsettled`,
  `returned`,
  `reason`,
  'data' AS `cause`,
  SUM(`records`),
  (
    SELECT
      COUNT(*)
    FROM `qsync`.`state_people`
    WHERE
      `status` <> 'removed'
  ) AS `state_rows`,
  SUM(`other_domain`),
  COALESCE(SUM(CASE WHEN 1 = 0 THEN `records` ELSE 0 END), 0),
  SUM(`n_0`),
  SUM(`n_1`),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 1, 1) = 'c' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 1, 1) = 's' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 1, 1) = 'x' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 2, 1) = 'c' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 2, 1) = 's' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 2, 1) = 'x' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN `kinds` LIKE '%x%' THEN `records` ELSE 0 END), 0)
FROM (
  SELECT
    `op`,
    `retried`,
    `unsettled`,
    `returned`,
    CASE WHEN `op` IN ('invalid') THEN `reason` ELSE CAST(NULL AS STRING) END AS `reason`,
    CASE WHEN `op` IN ('changed') THEN `kinds` ELSE CAST(NULL AS STRING) END AS `kinds`,
    COUNT(*) AS `records`,
    SUM(`other_domain`) AS `other_domain`,
    SUM(`n_0`) AS `n_0`,
    SUM(`n_1`) AS `n_1`
  FROM `diff`
  GROUP BY
    `op`,
    `retried`,
    `unsettled`,
    `returned`,
    CASE WHEN `op` IN ('invalid') THEN `reason` ELSE CAST(NULL AS STRING) END,
    CASE WHEN `op` IN ('changed') THEN `kinds` ELSE CAST(NULL AS STRING) END
) AS `grouped_records`
GROUP BY
  `op`,
  `retried`,
  `unsettled`,
  `returned`,
  `reason`;

-- count after the mapping moved
SELECT
  `op`,
  `retried`,
  `unsettled`,
  `returned`,
  `reason`,
  `cause`,
  SUM(`records`),
  (
    SELECT
      COUNT(*)
    FROM `qsync`.`state_people`
    WHERE
      `status` <> 'removed'
  ) AS `state_rows`,
  SUM(`other_domain`),
  COALESCE(SUM(CASE WHEN 1 = 0 THEN `records` ELSE 0 END), 0),
  SUM(`n_0`),
  SUM(`n_1`),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 1, 1) = 'c' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 1, 1) = 's' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 1, 1) = 'x' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 2, 1) = 'c' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 2, 1) = 's' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 2, 1) = 'x' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN `kinds` LIKE '%x%' THEN `records` ELSE 0 END), 0)
FROM (
  SELECT
    `grouped_records`.*,
    CASE
      WHEN NOT `op` IN ('changed')
      THEN 'data'
      WHEN SUBSTRING(`kinds`, 2, 1) IN ('c', 's', 'x')
      THEN 'mapping'
      WHEN SUBSTRING(`kinds`, 1, 1) IN ('c', 's', 'x')
      THEN 'catalog'
      ELSE 'data'
    END AS `cause`
  FROM (
    SELECT
      `op`,
      `retried`,
      `unsettled`,
      `returned`,
      CASE WHEN `op` IN ('invalid') THEN `reason` ELSE CAST(NULL AS STRING) END AS `reason`,
      CASE WHEN `op` IN ('changed') THEN `kinds` ELSE CAST(NULL AS STRING) END AS `kinds`,
      COUNT(*) AS `records`,
      SUM(`other_domain`) AS `other_domain`,
      SUM(`n_0`) AS `n_0`,
      SUM(`n_1`) AS `n_1`
    FROM `diff`
    GROUP BY
      `op`,
      `retried`,
      `unsettled`,
      `returned`,
      CASE WHEN `op` IN ('invalid') THEN `reason` ELSE CAST(NULL AS STRING) END,
      CASE WHEN `op` IN ('changed') THEN `kinds` ELSE CAST(NULL AS STRING) END
  ) AS `grouped_records`
) AS `caused`
GROUP BY
  `op`,
  `retried`,
  `unsettled`,
  `returned`,
  `reason`,
  `cause`;

-- unstaged
WITH `keyed` AS (
  SELECT
    NULLIF(
      REGEXP_REPLACE(
        REGEXP_REPLACE(
          REGEXP_REPLACE(
            REGEXP_REPLACE(
              TRIM(' \t\r\n' FROM TRANSLATE(
                CAST(`company_domain` AS STRING),
                'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
                'abcdefghijklmnopqrstuvwxyz'
              )),
              '^[a-z][a-z0-9+.-]*://',
              ''
            ),
            '[/?#]([^/]|/)*$',
            ''
          ),
          '([ \t\r\n.]|:[0-9]*)+$',
          ''
        ),
        '^([ \t\r\n]|www[.])+',
        ''
      ),
      ''
    ) AS `k`,
    CAST(`employees` AS STRING) AS `v_employees`,
    TO_JSON(`segments`) AS `v_segments`
  FROM `db`.`prod`.`people`
  WHERE
    NOT NULLIF(
      REGEXP_REPLACE(
        REGEXP_REPLACE(
          REGEXP_REPLACE(
            REGEXP_REPLACE(
              TRIM(' \t\r\n' FROM TRANSLATE(
                CAST(`company_domain` AS STRING),
                'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
                'abcdefghijklmnopqrstuvwxyz'
              )),
              '^[a-z][a-z0-9+.-]*://',
              ''
            ),
            '[/?#]([^/]|/)*$',
            ''
          ),
          '([ \t\r\n.]|:[0-9]*)+$',
          ''
        ),
        '^([ \t\r\n]|www[.])+',
        ''
      ),
      ''
    ) IS NULL
), `grouped` AS (
  SELECT
    `k`,
    CASE
      WHEN MIN(`v_employees`) = MAX(`v_employees`)
      THEN MIN(`v_employees`)
      ELSE CAST(NULL AS STRING)
    END AS `v_employees`,
    CASE WHEN MIN(`v_employees`) <> MAX(`v_employees`) THEN 1 ELSE 0 END AS `n_0`,
    CASE
      WHEN MIN(`v_segments`) = MAX(`v_segments`)
      THEN MIN(`v_segments`)
      ELSE CAST(NULL AS STRING)
    END AS `v_segments`,
    CASE WHEN MIN(`v_segments`) <> MAX(`v_segments`) THEN 1 ELSE 0 END AS `n_1`
  FROM `keyed`
  GROUP BY
    `k`
)
SELECT
  `in_state`.`living`,
  `in_state`.`tombstones`,
  (
    SELECT
      COUNT(DISTINCT `key`)
    FROM `qsync`.`stage_r1`
    WHERE
      `returned` = 1
  ) AS `returned`,
  `in_model`.`c_0` AS `in_model_c_0`,
  `in_model`.`c_1` AS `in_model_c_1`,
  `in_model`.`c_2` AS `in_model_c_2`,
  `in_model`.`c_3` AS `in_model_c_3`,
  `staged`.`c_0` AS `staged_c_0`,
  `staged`.`c_1` AS `staged_c_1`,
  `staged`.`c_2` AS `staged_c_2`,
  `staged`.`c_3` AS `staged_c_3`
FROM (
  SELECT
    COALESCE(SUM(CASE WHEN `status` <> 'removed' THEN 1 ELSE 0 END), 0) AS `living`,
    COALESCE(SUM(CASE WHEN `status` = 'removed' THEN 1 ELSE 0 END), 0) AS `tombstones`
  FROM `qsync`.`state_people`
) AS `in_state`
CROSS JOIN (
  SELECT
    COUNT(*) AS `c_0`,
    0 AS `c_1`,
    SUM(`n_0`) AS `c_2`,
    SUM(`n_1`) AS `c_3`
  FROM `grouped`
) AS `in_model`
CROSS JOIN (
  SELECT
    COUNT(*) AS `c_0`,
    SUM(`other_domain`) AS `c_1`,
    SUM(`n_0`) AS `c_2`,
    SUM(`n_1`) AS `c_3`
  FROM `qsync`.`stage_r1`
  WHERE
    `op` <> 'removed'
) AS `staged`;

-- stage
WITH `keyed` AS (
  SELECT
    NULLIF(
      REGEXP_REPLACE(
        REGEXP_REPLACE(
          REGEXP_REPLACE(
            REGEXP_REPLACE(
              TRIM(' \t\r\n' FROM TRANSLATE(
                CAST(`company_domain` AS STRING),
                'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
                'abcdefghijklmnopqrstuvwxyz'
              )),
              '^[a-z][a-z0-9+.-]*://',
              ''
            ),
            '[/?#]([^/]|/)*$',
            ''
          ),
          '([ \t\r\n.]|:[0-9]*)+$',
          ''
        ),
        '^([ \t\r\n]|www[.])+',
        ''
      ),
      ''
    ) AS `k`,
    CAST(`employees` AS STRING) AS `v_employees`,
    TO_JSON(`segments`) AS `v_segments`
  FROM `db`.`prod`.`people`
  WHERE
    NOT NULLIF(
      REGEXP_REPLACE(
        REGEXP_REPLACE(
          REGEXP_REPLACE(
            REGEXP_REPLACE(
              TRIM(' \t\r\n' FROM TRANSLATE(
                CAST(`company_domain` AS STRING),
                'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
                'abcdefghijklmnopqrstuvwxyz'
              )),
              '^[a-z][a-z0-9+.-]*://',
              ''
            ),
            '[/?#]([^/]|/)*$',
            ''
          ),
          '([ \t\r\n.]|:[0-9]*)+$',
          ''
        ),
        '^([ \t\r\n]|www[.])+',
        ''
      ),
      ''
    ) IS NULL
), `grouped` AS (
  SELECT
    `k`,
    CASE
      WHEN MIN(`v_employees`) = MAX(`v_employees`)
      THEN MIN(`v_employees`)
      ELSE CAST(NULL AS STRING)
    END AS `v_employees`,
    CASE WHEN MIN(`v_employees`) <> MAX(`v_employees`) THEN 1 ELSE 0 END AS `n_0`,
    CASE
      WHEN MIN(`v_segments`) = MAX(`v_segments`)
      THEN MIN(`v_segments`)
      ELSE CAST(NULL AS STRING)
    END AS `v_segments`,
    CASE WHEN MIN(`v_segments`) <> MAX(`v_segments`) THEN 1 ELSE 0 END AS `n_1`
  FROM `keyed`
  GROUP BY
    `k`
), `source` AS (
  SELECT
    `grouped`.`k` AS `k`,
    1 AS `present`,
    MD5(
      '1.1.0c5b11f7187b' || COALESCE(
        CAST(LENGTH(`grouped`.`v_employees`) AS STRING) || ':' || `grouped`.`v_employees`,
        CASE WHEN `grouped`.`n_0` = 1 THEN '!' ELSE '~' END
      ) || COALESCE(
        CAST(LENGTH(`grouped`.`v_segments`) AS STRING) || ':' || `grouped`.`v_segments`,
        CASE WHEN `grouped`.`n_1` = 1 THEN '!' ELSE '~' END
      )
    ) AS `h`,
    `grouped`.`v_employees` AS `v_employees`,
    `grouped`.`v_segments` AS `v_segments`,
    `grouped`.`n_0`,
    `grouped`.`n_1`
  FROM `grouped`
), `state` AS (
  SELECT
    *
  FROM `qsync`.`state_people`
), `rejected` AS (
  SELECT
    `key`,
    `row_hash`,
    `attempts`,
    `first_at`,
    COALESCE(`field`, '') || ': ' || REGEXP_REPLACE(`reason`, '[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*', '#') AS `rejected_as`
  FROM `qsync`.`qsync_rejects`
  WHERE
    `stream_id` = '0123456789abcdef' AND `meaning` = '6526b526e79c'
), `met` AS (
  SELECT
    COALESCE(`source`.`k`, `state`.`key`) AS `key`,
    `source`.`h` AS `hash`,
    `source`.`present` AS `present`,
    CASE
      WHEN `source`.`present` IS NULL
      THEN CAST(NULL AS STRING)
      ELSE CASE
        WHEN `source`.`h` = `state`.`row_hash` AND `state`.`status` = 'synced'
        THEN CASE
          WHEN `source`.`k` IN (
            '126.com',
            '139.com',
            '163.com',
            'aim.com',
            'aol.com',
            'att.net',
            'bellsouth.net',
            'bigpond.com',
            'bk.ru',
            'bluewin.ch',
            'btinternet.com',
            'charter.net',
            'comcast.net',
            'cox.net',
            'daum.net',
            'duck.com',
            'earthlink.net',
            'fastmail.com',
            'fastmail.fm',
            'free.fr',
            'freenet.de',
            'gmail.com',
            'gmx.at',
            'gmx.ch',
            'gmx.com',
            'gmx.de',
            'gmx.fr',
            'gmx.net',
            'googlemail.com',
            'hanmail.net',
            'hey.com',
            'hotmail.co.uk',
            'hotmail.com',
            'hotmail.de',
            'hotmail.es',
            'hotmail.fr',
            'hotmail.it',
            'hushmail.com',
            'icloud.com',
            'inbox.lv',
            'inbox.ru',
            'juno.com',
            'laposte.net',
            'libero.it',
            'list.ru',
            'live.co.uk',
            'live.com',
            'live.fr',
            'live.nl',
            'mac.com',
            'mail.com',
            'mail.ru',
            'me.com',
            'msn.com',
            'mweb.co.za',
            'naver.com',
            'ntlworld.com',
            'optonline.net',
            'orange.fr',
            'outlook.com',
            'outlook.de',
            'outlook.es',
            'outlook.fr',
            'pm.me',
            'posteo.de',
            'proton.me',
            'protonmail.ch',
            'protonmail.com',
            'qq.com',
            'rambler.ru',
            'rediffmail.com',
            'rocketmail.com',
            'sbcglobal.net',
            'seznam.cz',
            'sfr.fr',
            'shaw.ca',
            'sina.com',
            'sky.com',
            't-online.de',
            'telenet.be',
            'terra.com.br',
            'tiscali.it',
            'tutanota.com',
            'uol.com.br',
            'verizon.net',
            'virgilio.it',
            'wanadoo.fr',
            'web.de',
            'wp.pl',
            'xtra.co.nz',
            'ya.ru',
            'yahoo.ca',
            'yahoo.co.in',
            'yahoo.co.jp',
            'yahoo.co.uk',
            'yahoo.com',
            'yahoo.com.au',
            'yahoo.com.br',
            'yahoo.de',
            'yahoo.es',
            'yahoo.fr',
            'yahoo.in',
            'yahoo.it',
            'yandex.com',
            'yandex.ru',
            'ymail.com',
            'zoho.com',
            'zohomail.com'
          )
          THEN 'free_mail'
          WHEN NOT `source`.`v_segments` IS NULL
          AND NOT REGEXP_LIKE(`source`.`v_segments`, '^[\\[](("a"|"b")(,("a"|"b"))*)?[\\]]\\z')
          THEN 'not_among_options:segments'
          ELSE CAST(NULL AS STRING)
        END
        ELSE CASE
          WHEN `source`.`k` IS NULL
          THEN 'null_key'
          WHEN NOT NOT REGEXP_LIKE(`source`.`k`, '[^ -~]')
          THEN 'non_ascii_key'
          WHEN NOT REGEXP_LIKE(`source`.`k`, '^([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]([a-z0-9-]*[a-z0-9])?\\z')
          THEN 'malformed_key'
          WHEN `source`.`k` IN (
            '126.com',
            '139.com',
            '163.com',
            'aim.com',
            'aol.com',
            'att.net',
            'bellsouth.net',
            'bigpond.com',
            'bk.ru',
            'bluewin.ch',
            'btinternet.com',
            'charter.net',
            'comcast.net',
            'cox.net',
            'daum.net',
            'duck.com',
            'earthlink.net',
            'fastmail.com',
            'fastmail.fm',
            'free.fr',
            'freenet.de',
            'gmail.com',
            'gmx.at',
            'gmx.ch',
            'gmx.com',
            'gmx.de',
            'gmx.fr',
            'gmx.net',
            'googlemail.com',
            'hanmail.net',
            'hey.com',
            'hotmail.co.uk',
            'hotmail.com',
            'hotmail.de',
            'hotmail.es',
            'hotmail.fr',
            'hotmail.it',
            'hushmail.com',
            'icloud.com',
            'inbox.lv',
            'inbox.ru',
            'juno.com',
            'laposte.net',
            'libero.it',
            'list.ru',
            'live.co.uk',
            'live.com',
            'live.fr',
            'live.nl',
            'mac.com',
            'mail.com',
            'mail.ru',
            'me.com',
            'msn.com',
            'mweb.co.za',
            'naver.com',
            'ntlworld.com',
            'optonline.net',
            'orange.fr',
            'outlook.com',
            'outlook.de',
            'outlook.es',
            'outlook.fr',
            'pm.me',
            'posteo.de',
            'proton.me',
            'protonmail.ch',
            'protonmail.com',
            'qq.com',
            'rambler.ru',
            'rediffmail.com',
            'rocketmail.com',
            'sbcglobal.net',
            'seznam.cz',
            'sfr.fr',
            'shaw.ca',
            'sina.com',
            'sky.com',
            't-online.de',
            'telenet.be',
            'terra.com.br',
            'tiscali.it',
            'tutanota.com',
            'uol.com.br',
            'verizon.net',
            'virgilio.it',
            'wanadoo.fr',
            'web.de',
            'wp.pl',
            'xtra.co.nz',
            'ya.ru',
            'yahoo.ca',
            'yahoo.co.in',
            'yahoo.co.jp',
            'yahoo.co.uk',
            'yahoo.com',
            'yahoo.com.au',
            'yahoo.com.br',
            'yahoo.de',
            'yahoo.es',
            'yahoo.fr',
            'yahoo.in',
            'yahoo.it',
            'yandex.com',
            'yandex.ru',
            'ymail.com',
            'zoho.com',
            'zohomail.com'
          )
          THEN 'free_mail'
          WHEN NOT `source`.`v_employees` IS NULL
          AND NOT REGEXP_LIKE(`source`.`v_employees`, '^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?\\z')
          THEN 'not_a_number:employees'
          WHEN NOT `source`.`v_segments` IS NULL
          AND NOT REGEXP_LIKE(`source`.`v_segments`, '^[\\[](("a"|"b")(,("a"|"b"))*)?[\\]]\\z')
          THEN 'not_among_options:segments'
          ELSE CAST(NULL AS STRING)
        END
      END
    END AS `invalid`,
    `state`.`status` AS `state_status`,
    CASE
      WHEN `source`.`h` = `state`.`row_hash` AND `state`.`status` = 'synced'
      THEN 1
      ELSE 0
    END AS `same`,
    `state`.`v_segments` AS `old_1`,
    `source`.`v_employees` AS `new_0`,
    `source`.`v_segments` AS `new_1`,
    `source`.`n_0` AS `n_0`,
    `source`.`n_1` AS `n_1`,
    COALESCE(`rejected`.`attempts`, 0) AS `attempts`,
    `rejected`.`first_at` AS `rejected_at`,
    `rejected`.`rejected_as` AS `rejected_as`,
    0 AS `other_domain`
  FROM `source`
  FULL OUTER JOIN `state`
    ON `source`.`k` = `state`.`key`
  LEFT JOIN `rejected`
    ON `source`.`k` = `rejected`.`key` AND `source`.`h` = `rejected`.`row_hash`
), `judged` AS (
  SELECT
    CASE
      WHEN `met`.`present` IS NULL
      THEN CASE WHEN `met`.`state_status` = 'removed' THEN 'gone' ELSE 'removed' END
      WHEN NOT `met`.`invalid` IS NULL
      THEN 'invalid'
      WHEN `met`.`state_status` IS NULL
      THEN 'added'
      WHEN `met`.`state_status` IN ('unsettled', 'open')
      THEN 'changed'
      WHEN `met`.`same` = 1
      THEN 'unchanged'
      WHEN (
        NOT `met`.`new_0` IS NULL
        OR (
          NOT `met`.`new_1` IS NULL
          AND (
            `met`.`old_1` IS NULL OR `met`.`new_1` <> `met`.`old_1`
          )
        )
      )
      THEN 'changed'
      ELSE 'rehash'
    END AS `fate`,
    `met`.*
  FROM `met`
), `diff` AS (
  SELECT
    CASE
      WHEN `judged`.`fate` IN ('added', 'changed') AND `judged`.`attempts` >= 2
      THEN 'resting'
      ELSE `judged`.`fate`
    END AS `op`,
    CASE
      WHEN `judged`.`fate` IN ('added', 'changed') AND `judged`.`attempts` > 0
      THEN 1
      ELSE 0
    END AS `retried`,
    COALESCE(`judged`.`invalid`, `judged`.`rejected_as`) AS `reason`,
    `judged`.`key` AS `key`,
    `judged`.`hash` AS `hash`,
    CASE
      WHEN `judged`.`state_status` = 'unsettled'
      THEN 1
      WHEN `judged`.`state_status` = 'open'
      THEN 2
      ELSE 0
    END AS `unsettled`,
    CASE
      WHEN NOT `judged`.`present` IS NULL AND `judged`.`state_status` = 'removed'
      THEN 1
      ELSE 0
    END AS `returned`,
    CASE
      WHEN `judged`.`fate` = 'unchanged'
      THEN CAST(NULL AS STRING)
      ELSE CASE
        WHEN `judged`.`present` IS NULL
        THEN '-'
        WHEN `judged`.`n_0` = 1
        THEN '!'
        WHEN `judged`.`new_0` IS NULL
        THEN '-'
        ELSE 's'
      END || CASE
        WHEN `judged`.`present` IS NULL
        THEN '-'
        WHEN `judged`.`n_1` = 1
        THEN '!'
        WHEN `judged`.`new_1` IS NULL
        THEN '-'
        WHEN `judged`.`old_1` IS NULL
        THEN 's'
        WHEN `judged`.`new_1` <> `judged`.`old_1`
        THEN 'c'
        ELSE '.'
      END
    END AS `kinds`,
    `judged`.`new_0` AS `v_employees`,
    COALESCE(
      `judged`.`new_1`,
      CASE
        WHEN `judged`.`state_status` IN ('unsettled', 'open') AND NOT `judged`.`old_1` IS NULL
        THEN 'qsync:unknown'
        ELSE `judged`.`old_1`
      END
    ) AS `v_segments`,
    `judged`.`n_0` AS `n_0`,
    `judged`.`n_1` AS `n_1`,
    `judged`.`attempts` AS `attempts`,
    `judged`.`rejected_at` AS `rejected_at`,
    `judged`.`other_domain` AS `other_domain`
  FROM `judged`
)
SELECT
  CASE
    WHEN `op` IN ('added', 'changed')
    THEN ROW_NUMBER() OVER (
      PARTITION BY CASE WHEN `op` IN ('added', 'changed') THEN 'sent' ELSE 'not' END
      ORDER BY `key` NULLS LAST
    )
    ELSE NULL
  END AS `number`,
  `op`,
  `reason`,
  `retried`,
  `unsettled`,
  `returned`,
  `key`,
  `hash`,
  `kinds`,
  `v_employees`,
  `v_segments`,
  `n_0`,
  `n_1`,
  `attempts`,
  `rejected_at`,
  `other_domain`
FROM `diff`
WHERE
  NOT `op` IN ('forgotten', 'unchanged', 'deferred', 'suppressed', 'gone');

-- chunk
SELECT
  `number`,
  `key`,
  `op`,
  `kinds`,
  `v_employees`,
  `v_segments`
FROM `qsync`.`stage_r1`
WHERE
  `number` BETWEEN 1 AND 5000
ORDER BY
  `number`;

-- purge 1
DELETE FROM `qsync`.`state_people`
WHERE
  ARRAY_CONTAINS(
    (
      SELECT
        COLLECT_SET(`key_hash`)
      FROM `qsync`.`qsync_suppressed`
      WHERE
        `object` = 'company'
    ),
    MD5(
      (
        SELECT
          `value`
        FROM `qsync`.`qsync_meta`
        WHERE
          `name` = 'secret'
      ) || ':company:' || `key`
    )
  );

-- purge 2
DELETE FROM `qsync`.`state_people`
WHERE
  `status` = 'removed' AND `acked_at` < '2026-11-03 05:00:00';

-- purge 3
DELETE FROM `qsync`.`qsync_rejects`
WHERE
  `stream_id` = '0123456789abcdef'
  AND `last_at` < '2026-11-03 05:00:00'
  AND NOT EXISTS(
    SELECT
      1
    FROM `qsync`.`stage_r1` AS `there`
    WHERE
      `there`.`key` = `qsync_rejects`.`key` AND `there`.`op` <> 'removed'
  )
  AND NOT EXISTS(
    SELECT
      1
    FROM `qsync`.`state_people` AS `there`
    WHERE
      `there`.`key` = `qsync_rejects`.`key` AND `there`.`status` <> 'removed'
  );

-- commit 1
MERGE INTO `qsync`.`state_people` AS `kept`
USING (
  SELECT
    `key`,
    `hash` AS `row_hash`,
    CASE
      WHEN `unsettled` = 2
      THEN 'unsettled'
      WHEN `op` = 'removed'
      THEN 'removed'
      ELSE 'synced'
    END AS `status`,
    'r1' AS `run_id`,
    '2026-11-03 05:00:00' AS `acked_at`,
    `v_employees`,
    `v_segments`
  FROM `qsync`.`stage_r1`
  WHERE
    `number` BETWEEN 1 AND 1000 AND NOT `number` IN (3)
) AS `fresh`
ON `kept`.`key` = `fresh`.`key`
WHEN MATCHED THEN UPDATE SET
  `row_hash` = `fresh`.`row_hash`,
  `status` = `fresh`.`status`,
  `run_id` = `fresh`.`run_id`,
  `acked_at` = `fresh`.`acked_at`,
  `v_employees` = `fresh`.`v_employees`,
  `v_segments` = `fresh`.`v_segments`
WHEN NOT MATCHED THEN INSERT (`key`, `row_hash`, `status`, `run_id`, `acked_at`, `v_employees`, `v_segments`) VALUES (
  `fresh`.`key`,
  `fresh`.`row_hash`,
  `fresh`.`status`,
  `fresh`.`run_id`,
  `fresh`.`acked_at`,
  `fresh`.`v_employees`,
  `fresh`.`v_segments`
);

-- commit 2
DELETE FROM `qsync`.`qsync_rejects`
WHERE
  `stream_id` = '0123456789abcdef'
  AND `key` IN (
    SELECT
      `key`
    FROM `qsync`.`stage_r1`
    WHERE
      `number` BETWEEN 1 AND 1000 AND NOT `number` IN (3)
  );

-- commit 3
DELETE FROM `qsync`.`qsync_rejects`
WHERE
  `stream_id` = '0123456789abcdef'
  AND `key` IN (
    SELECT
      `key`
    FROM `qsync`.`stage_r1`
    WHERE
      `number` IN (3)
  );

-- commit 4
INSERT INTO `qsync`.`qsync_rejects` (
  `stream_id`,
  `key`,
  `row_hash`,
  `meaning`,
  `reason`,
  `field`,
  `attempts`,
  `run_id`,
  `first_at`,
  `last_at`
)
SELECT
  '0123456789abcdef',
  `staged`.`key`,
  `staged`.`hash`,
  '6526b526e79c',
  `said`.`reason`,
  `said`.`field`,
  CASE
    WHEN `said`.`reason` = 'batch_left'
    THEN 0
    WHEN `staged`.`reason` = COALESCE(`said`.`field`, '') || ': ' || REGEXP_REPLACE(`said`.`reason`, '[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*', '#')
    THEN `staged`.`attempts` + 1
    ELSE 1
  END,
  'r1',
  COALESCE(`staged`.`rejected_at`, '2026-11-03 05:00:00'),
  '2026-11-03 05:00:00'
FROM `qsync`.`stage_r1` AS `staged`
JOIN VALUES
  (3, 'phone is invalid: it\'s', CAST(NULL AS STRING)) AS `said`(`row_number`, `reason`, `field`)
  ON `staged`.`number` = `said`.`row_number`
WHERE
  NOT (
    `said`.`reason` = 'batch_left' AND `staged`.`attempts` > 0
  );

-- commit 5
UPDATE `qsync`.`state_people` SET `status` = CASE WHEN `status` = 'open' THEN 'open' ELSE 'unsettled' END, `run_id` = 'r1'
WHERE
  `key` IN (
    SELECT
      `key`
    FROM `qsync`.`stage_r1`
    WHERE
      `number` BETWEEN 7 AND 9
  );

-- commit 6
INSERT INTO `qsync`.`state_people` (
  `key`,
  `row_hash`,
  `status`,
  `run_id`,
  `acked_at`
)
SELECT
  `stage_r1`.`key`,
  CAST(NULL AS STRING),
  'unsettled' AS `status`,
  'r1',
  '2026-11-03 05:00:00'
FROM `qsync`.`stage_r1`
WHERE
  `number` BETWEEN 7 AND 9
  AND NOT EXISTS(
    SELECT
      1
    FROM `qsync`.`state_people` AS `known`
    WHERE
      `known`.`key` = `stage_r1`.`key`
  );

-- commit 7
DELETE FROM `qsync`.`state_people`
WHERE
  `key` IN (
    SELECT
      `key`
    FROM `qsync`.`stage_r1`
    WHERE
      (
        `op` = 'removed' AND NOT NOT `number` IS NULL
      ) AND `unsettled` <> 0
  );

-- commit 8
UPDATE `qsync`.`state_people` SET `status` = 'removed', `run_id` = 'r1', `acked_at` = '2026-11-03 05:00:00'
WHERE
  `key` IN (
    SELECT
      `key`
    FROM `qsync`.`stage_r1`
    WHERE
      `op` = 'removed' AND NOT NOT `number` IS NULL
  );

-- commit 9
UPDATE `qsync`.`state_people` SET `status` = CASE WHEN `status` = 'open' THEN 'open' ELSE 'open' END, `run_id` = 'r1'
WHERE
  `key` IN (
    SELECT
      `key`
    FROM `qsync`.`stage_r1`
    WHERE
      (
        `number` BETWEEN 7 AND 8
      )
  )
  AND `run_id` <> 'r0'
  AND NOT `key` IN (
    SELECT
      `key`
    FROM `qsync`.`qsync_rejects`
    WHERE
      `run_id` = 'r0' AND `stream_id` = '0123456789abcdef'
  );

-- commit 10
INSERT INTO `qsync`.`state_people` (
  `key`,
  `row_hash`,
  `status`,
  `run_id`,
  `acked_at`
)
SELECT
  `stage_r1`.`key`,
  CAST(NULL AS STRING),
  'open' AS `status`,
  'r1',
  '2026-11-03 05:00:00'
FROM `qsync`.`stage_r1`
WHERE
  (
    (
      `number` BETWEEN 7 AND 8
    )
    AND NOT `key` IN (
      SELECT
        `key`
      FROM `qsync`.`state_people`
      WHERE
        `run_id` = 'r0'
    )
    AND NOT `key` IN (
      SELECT
        `key`
      FROM `qsync`.`qsync_rejects`
      WHERE
        `run_id` = 'r0' AND `stream_id` = '0123456789abcdef'
    )
  )
  AND NOT EXISTS(
    SELECT
      1
    FROM `qsync`.`state_people` AS `known`
    WHERE
      `known`.`key` = `stage_r1`.`key`
  );

-- commit 11
UPDATE `qsync`.`qsync_rejects` SET `run_id` = 'r1', `last_at` = '2026-11-03 05:00:00'
WHERE
  `stream_id` = '0123456789abcdef'
  AND `key` IN (
    SELECT
      `key`
    FROM `qsync`.`stage_r1`
    WHERE
      `number` IN (4) AND `attempts` > 0
  );

-- commit 12
DELETE FROM `qsync`.`qsync_rejects`
WHERE
  `stream_id` = '0123456789abcdef'
  AND `key` IN (
    SELECT
      `key`
    FROM `qsync`.`stage_r1`
    WHERE
      `number` BETWEEN 4 AND 5 AND NOT (
        `number` IN (4) AND `attempts` > 0
      )
  );

-- commit 13
INSERT INTO `qsync`.`qsync_rejects` (
  `stream_id`,
  `key`,
  `row_hash`,
  `meaning`,
  `reason`,
  `field`,
  `attempts`,
  `run_id`,
  `first_at`,
  `last_at`
)
SELECT
  '0123456789abcdef',
  `staged`.`key`,
  `staged`.`hash`,
  '6526b526e79c',
  `said`.`reason`,
  `said`.`field`,
  CASE
    WHEN `said`.`reason` = 'batch_left'
    THEN 0
    WHEN `staged`.`reason` = COALESCE(`said`.`field`, '') || ': ' || REGEXP_REPLACE(`said`.`reason`, '[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*', '#')
    THEN `staged`.`attempts` + 1
    ELSE 1
  END,
  'r1',
  COALESCE(`staged`.`rejected_at`, '2026-11-03 05:00:00'),
  '2026-11-03 05:00:00'
FROM `qsync`.`stage_r1` AS `staged`
JOIN VALUES
  (4, 'batch_left', CAST(NULL AS STRING)),
  (5, 'job_title is too long', 'job_title') AS `said`(`row_number`, `reason`, `field`)
  ON `staged`.`number` = `said`.`row_number`
WHERE
  NOT (
    `said`.`reason` = 'batch_left' AND `staged`.`attempts` > 0
  );
