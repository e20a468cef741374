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
    CASE
      WHEN `grouped`.`k` IS NULL
      THEN 'null_key'
      WHEN NOT NOT REGEXP_LIKE(`grouped`.`k`, '[^ -~]')
      THEN 'non_ascii_key'
      WHEN NOT REGEXP_LIKE(`grouped`.`k`, '^([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]([a-z0-9-]*[a-z0-9])?\\z')
      THEN 'malformed_key'
      WHEN `grouped`.`k` IN (
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
      WHEN NOT `grouped`.`v_employees` IS NULL
      AND NOT REGEXP_LIKE(`grouped`.`v_employees`, '^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?\\z')
      THEN 'not_a_number:employees'
      WHEN NOT `grouped`.`v_segments` IS NULL
      AND NOT REGEXP_LIKE(`grouped`.`v_segments`, '^[\\[](("a"|"b")(,("a"|"b"))*)?[\\]]\\z')
      THEN 'not_among_options:segments'
      ELSE CAST(NULL AS STRING)
    END AS `invalid`,
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
), `judged` AS (
  SELECT
    CASE
      WHEN `source`.`present` IS NULL
      THEN CASE WHEN `state`.`status` = 'removed' THEN 'gone' ELSE 'removed' END
      WHEN NOT `source`.`invalid` IS NULL
      THEN 'invalid'
      WHEN `state`.`key` IS NULL
      THEN 'added'
      WHEN `state`.`status` IN ('unsettled', 'open')
      THEN 'changed'
      WHEN `source`.`h` = `state`.`row_hash` AND `state`.`status` = 'synced'
      THEN 'unchanged'
      WHEN (
        NOT `source`.`v_employees` IS NULL
        OR (
          NOT `source`.`v_segments` IS NULL
          AND (
            `state`.`v_segments` IS NULL OR `source`.`v_segments` <> `state`.`v_segments`
          )
        )
      )
      THEN 'changed'
      ELSE 'rehash'
    END AS `fate`,
    COALESCE(`source`.`invalid`, `rejected`.`rejected_as`) AS `reason`,
    COALESCE(`source`.`k`, `state`.`key`) AS `key`,
    `source`.`h` AS `hash`,
    CASE
      WHEN `state`.`status` = 'unsettled'
      THEN 1
      WHEN `state`.`status` = 'open'
      THEN 2
      ELSE 0
    END AS `unsettled`,
    CASE
      WHEN NOT `source`.`present` IS NULL AND `state`.`status` = 'removed'
      THEN 1
      ELSE 0
    END AS `returned`,
    CASE
      WHEN `source`.`present` IS NULL
      THEN '-'
      WHEN `source`.`n_0` = 1
      THEN '!'
      WHEN `source`.`v_employees` IS NULL
      THEN '-'
      ELSE 's'
    END || CASE
      WHEN `source`.`present` IS NULL
      THEN '-'
      WHEN `source`.`n_1` = 1
      THEN '!'
      WHEN `source`.`v_segments` IS NULL
      THEN '-'
      WHEN `state`.`v_segments` IS NULL
      THEN 's'
      WHEN `source`.`v_segments` <> `state`.`v_segments`
      THEN 'c'
      ELSE '.'
    END AS `kinds`,
    `source`.`v_employees` AS `v_employees`,
    COALESCE(
      `source`.`v_segments`,
      CASE
        WHEN `state`.`status` IN ('unsettled', 'open') AND NOT `state`.`v_segments` IS NULL
        THEN 'qsync:unknown'
        ELSE `state`.`v_segments`
      END
    ) AS `v_segments`,
    `source`.`n_0` AS `n_0`,
    `source`.`n_1` AS `n_1`,
    COALESCE(`rejected`.`attempts`, 0) AS `attempts`,
    `rejected`.`first_at` AS `rejected_at`,
    0 AS `other_domain`
  FROM `source`
  FULL OUTER JOIN `state`
    ON `source`.`k` = `state`.`key`
  LEFT JOIN `rejected`
    ON `source`.`k` = `rejected`.`key` AND `source`.`h` = `rejected`.`row_hash`
), `diff` AS (
  SELECT
    `judged`.*,
    CASE
      WHEN `judged`.`fate` IN ('added', 'changed') AND `judged`.`attempts` >= 2
      THEN 'resting'
      ELSE `judged`.`fate`
    END AS `op`,
    CASE
      WHEN `judged`.`fate` IN ('added', 'changed') AND `judged`.`attempts` > 0
      THEN 1
      ELSE 0
    END AS `retried`
  FROM `judged`
)
SELECT
  `op`,
  `retried`,
  `unsettled`,
  `returned`,
  CASE WHEN `op` IN ('invalid') THEN `reason` ELSE CAST(NULL AS STRING) END,
  'data' AS `cause`,
  COUNT(*),
  (
    SELECT
      COUNT(*)
    FROM `qsync`.`state_people`
    WHERE
      `status` <> 'removed'
  ) AS `state_rows`,
  SUM(`other_domain`),
  COALESCE(SUM(CASE WHEN 1 = 0 THEN 1 ELSE 0 END), 0),
  SUM(`n_0`),
  SUM(`n_1`)
FROM `diff`
GROUP BY
  `op`,
  `retried`,
  `unsettled`,
  `returned`,
  CASE WHEN `op` IN ('invalid') THEN `reason` ELSE CAST(NULL AS STRING) END;

-- count after the mapping moved
SELECT
  `op`,
  `retried`,
  `unsettled`,
  `returned`,
  CASE WHEN `op` IN ('invalid') THEN `reason` ELSE CAST(NULL AS STRING) END,
  CASE
    WHEN NOT `op` IN ('changed')
    THEN 'data'
    WHEN SUBSTRING(`kinds`, 2, 1) IN ('c', 's', 'x')
    THEN 'mapping'
    WHEN SUBSTRING(`kinds`, 1, 1) IN ('c', 's', 'x')
    THEN 'catalog'
    ELSE 'data'
  END AS `cause`,
  COUNT(*),
  (
    SELECT
      COUNT(*)
    FROM `qsync`.`state_people`
    WHERE
      `status` <> 'removed'
  ) AS `state_rows`,
  SUM(`other_domain`),
  COALESCE(SUM(CASE WHEN 1 = 0 THEN 1 ELSE 0 END), 0),
  SUM(`n_0`),
  SUM(`n_1`)
FROM `diff`
GROUP BY
  `op`,
  `retried`,
  `unsettled`,
  `returned`,
  CASE WHEN `op` IN ('invalid') THEN `reason` ELSE CAST(NULL AS STRING) END,
  `cause`;

-- histogram
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
    CASE
      WHEN `grouped`.`k` IS NULL
      THEN 'null_key'
      WHEN NOT NOT REGEXP_LIKE(`grouped`.`k`, '[^ -~]')
      THEN 'non_ascii_key'
      WHEN NOT REGEXP_LIKE(`grouped`.`k`, '^([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]([a-z0-9-]*[a-z0-9])?\\z')
      THEN 'malformed_key'
      WHEN `grouped`.`k` IN (
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
      WHEN NOT `grouped`.`v_employees` IS NULL
      AND NOT REGEXP_LIKE(`grouped`.`v_employees`, '^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?\\z')
      THEN 'not_a_number:employees'
      WHEN NOT `grouped`.`v_segments` IS NULL
      AND NOT REGEXP_LIKE(`grouped`.`v_segments`, '^[\\[](("a"|"b")(,("a"|"b"))*)?[\\]]\\z')
      THEN 'not_among_options:segments'
      ELSE CAST(NULL AS STRING)
    END AS `invalid`,
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
), `judged` AS (
  SELECT
    CASE
      WHEN `source`.`present` IS NULL
      THEN CASE WHEN `state`.`status` = 'removed' THEN 'gone' ELSE 'removed' END
      WHEN NOT `source`.`invalid` IS NULL
      THEN 'invalid'
      WHEN `state`.`key` IS NULL
      THEN 'added'
      WHEN `state`.`status` IN ('unsettled', 'open')
      THEN 'changed'
      WHEN `source`.`h` = `state`.`row_hash` AND `state`.`status` = 'synced'
      THEN 'unchanged'
      WHEN (
        NOT `source`.`v_employees` IS NULL
        OR (
          NOT `source`.`v_segments` IS NULL
          AND (
            `state`.`v_segments` IS NULL OR `source`.`v_segments` <> `state`.`v_segments`
          )
        )
      )
      THEN 'changed'
      ELSE 'rehash'
    END AS `fate`,
    COALESCE(`source`.`invalid`, `rejected`.`rejected_as`) AS `reason`,
    COALESCE(`source`.`k`, `state`.`key`) AS `key`,
    `source`.`h` AS `hash`,
    CASE
      WHEN `state`.`status` = 'unsettled'
      THEN 1
      WHEN `state`.`status` = 'open'
      THEN 2
      ELSE 0
    END AS `unsettled`,
    CASE
      WHEN NOT `source`.`present` IS NULL AND `state`.`status` = 'removed'
      THEN 1
      ELSE 0
    END AS `returned`,
    CASE
      WHEN `source`.`present` IS NULL
      THEN '-'
      WHEN `source`.`n_0` = 1
      THEN '!'
      WHEN `source`.`v_employees` IS NULL
      THEN '-'
      ELSE 's'
    END || CASE
      WHEN `source`.`present` IS NULL
      THEN '-'
      WHEN `source`.`n_1` = 1
      THEN '!'
      WHEN `source`.`v_segments` IS NULL
      THEN '-'
      WHEN `state`.`v_segments` IS NULL
      THEN 's'
      WHEN `source`.`v_segments` <> `state`.`v_segments`
      THEN 'c'
      ELSE '.'
    END AS `kinds`,
    `source`.`v_employees` AS `v_employees`,
    COALESCE(
      `source`.`v_segments`,
      CASE
        WHEN `state`.`status` IN ('unsettled', 'open') AND NOT `state`.`v_segments` IS NULL
        THEN 'qsync:unknown'
        ELSE `state`.`v_segments`
      END
    ) AS `v_segments`,
    `source`.`n_0` AS `n_0`,
    `source`.`n_1` AS `n_1`,
    COALESCE(`rejected`.`attempts`, 0) AS `attempts`,
    `rejected`.`first_at` AS `rejected_at`,
    0 AS `other_domain`
  FROM `source`
  FULL OUTER JOIN `state`
    ON `source`.`k` = `state`.`key`
  LEFT JOIN `rejected`
    ON `source`.`k` = `rejected`.`key` AND `source`.`h` = `rejected`.`row_hash`
), `diff` AS (
  SELECT
    `judged`.*,
    CASE
      WHEN `judged`.`fate` IN ('added', 'changed') AND `judged`.`attempts` >= 2
      THEN 'resting'
      ELSE `judged`.`fate`
    END AS `op`,
    CASE
      WHEN `judged`.`fate` IN ('added', 'changed') AND `judged`.`attempts` > 0
      THEN 1
      ELSE 0
    END AS `retried`
  FROM `judged`
)
SELECT
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 1, 1) = 'c' THEN 1 ELSE 0 END), 0) AS `f_0_c`,
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 1, 1) = 's' THEN 1 ELSE 0 END), 0) AS `f_0_s`,
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 1, 1) = 'x' THEN 1 ELSE 0 END), 0) AS `f_0_x`,
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 2, 1) = 'c' THEN 1 ELSE 0 END), 0) AS `f_1_c`,
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 2, 1) = 's' THEN 1 ELSE 0 END), 0) AS `f_1_s`,
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 2, 1) = 'x' THEN 1 ELSE 0 END), 0) AS `f_1_x`,
  COALESCE(SUM(CASE WHEN `kinds` LIKE '%x%' THEN 1 ELSE 0 END), 0) AS `cleared`
FROM `diff`
WHERE
  `op` IN ('changed');

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
    CASE
      WHEN `grouped`.`k` IS NULL
      THEN 'null_key'
      WHEN NOT NOT REGEXP_LIKE(`grouped`.`k`, '[^ -~]')
      THEN 'non_ascii_key'
      WHEN NOT REGEXP_LIKE(`grouped`.`k`, '^([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]([a-z0-9-]*[a-z0-9])?\\z')
      THEN 'malformed_key'
      WHEN `grouped`.`k` IN (
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
      WHEN NOT `grouped`.`v_employees` IS NULL
      AND NOT REGEXP_LIKE(`grouped`.`v_employees`, '^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?\\z')
      THEN 'not_a_number:employees'
      WHEN NOT `grouped`.`v_segments` IS NULL
      AND NOT REGEXP_LIKE(`grouped`.`v_segments`, '^[\\[](("a"|"b")(,("a"|"b"))*)?[\\]]\\z')
      THEN 'not_among_options:segments'
      ELSE CAST(NULL AS STRING)
    END AS `invalid`,
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
), `judged` AS (
  SELECT
    CASE
      WHEN `source`.`present` IS NULL
      THEN CASE WHEN `state`.`status` = 'removed' THEN 'gone' ELSE 'removed' END
      WHEN NOT `source`.`invalid` IS NULL
      THEN 'invalid'
      WHEN `state`.`key` IS NULL
      THEN 'added'
      WHEN `state`.`status` IN ('unsettled', 'open')
      THEN 'changed'
      WHEN `source`.`h` = `state`.`row_hash` AND `state`.`status` = 'synced'
      THEN 'unchanged'
      WHEN (
        NOT `source`.`v_employees` IS NULL
        OR (
          NOT `source`.`v_segments` IS NULL
          AND (
            `state`.`v_segments` IS NULL OR `source`.`v_segments` <> `state`.`v_segments`
          )
        )
      )
      THEN 'changed'
      ELSE 'rehash'
    END AS `fate`,
    COALESCE(`source`.`invalid`, `rejected`.`rejected_as`) AS `reason`,
    COALESCE(`source`.`k`, `state`.`key`) AS `key`,
    `source`.`h` AS `hash`,
    CASE
      WHEN `state`.`status` = 'unsettled'
      THEN 1
      WHEN `state`.`status` = 'open'
      THEN 2
      ELSE 0
    END AS `unsettled`,
    CASE
      WHEN NOT `source`.`present` IS NULL AND `state`.`status` = 'removed'
      THEN 1
      ELSE 0
    END AS `returned`,
    CASE
      WHEN `source`.`present` IS NULL
      THEN '-'
      WHEN `source`.`n_0` = 1
      THEN '!'
      WHEN `source`.`v_employees` IS NULL
      THEN '-'
      ELSE 's'
    END || CASE
      WHEN `source`.`present` IS NULL
      THEN '-'
      WHEN `source`.`n_1` = 1
      THEN '!'
      WHEN `source`.`v_segments` IS NULL
      THEN '-'
      WHEN `state`.`v_segments` IS NULL
      THEN 's'
      WHEN `source`.`v_segments` <> `state`.`v_segments`
      THEN 'c'
      ELSE '.'
    END AS `kinds`,
    `source`.`v_employees` AS `v_employees`,
    COALESCE(
      `source`.`v_segments`,
      CASE
        WHEN `state`.`status` IN ('unsettled', 'open') AND NOT `state`.`v_segments` IS NULL
        THEN 'qsync:unknown'
        ELSE `state`.`v_segments`
      END
    ) AS `v_segments`,
    `source`.`n_0` AS `n_0`,
    `source`.`n_1` AS `n_1`,
    COALESCE(`rejected`.`attempts`, 0) AS `attempts`,
    `rejected`.`first_at` AS `rejected_at`,
    0 AS `other_domain`
  FROM `source`
  FULL OUTER JOIN `state`
    ON `source`.`k` = `state`.`key`
  LEFT JOIN `rejected`
    ON `source`.`k` = `rejected`.`key` AND `source`.`h` = `rejected`.`row_hash`
), `diff` AS (
  SELECT
    `judged`.*,
    CASE
      WHEN `judged`.`fate` IN ('added', 'changed') AND `judged`.`attempts` >= 2
      THEN 'resting'
      ELSE `judged`.`fate`
    END AS `op`,
    CASE
      WHEN `judged`.`fate` IN ('added', 'changed') AND `judged`.`attempts` > 0
      THEN 1
      ELSE 0
    END AS `retried`
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
  MD5(
    (
      SELECT
        `value`
      FROM `qsync`.`qsync_meta`
      WHERE
        `name` = 'secret'
    ) || ':company:' || `key`
  ) IN (
    SELECT
      `key_hash`
    FROM `qsync`.`qsync_suppressed`
    WHERE
      `object` = 'company'
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
DELETE FROM `qsync`.`state_people`
WHERE
  `key` IN (
    SELECT
      `key`
    FROM `qsync`.`stage_r1`
    WHERE
      `number` BETWEEN 1 AND 1000 AND NOT `number` IN (3)
  );

-- commit 2
INSERT INTO `qsync`.`state_people` (
  `key`,
  `row_hash`,
  `status`,
  `run_id`,
  `acked_at`,
  `v_employees`,
  `v_segments`
)
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
  `number` BETWEEN 1 AND 1000 AND NOT `number` IN (3);

-- commit 3
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

-- commit 4
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

-- commit 5
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

-- commit 6
UPDATE `qsync`.`state_people` SET `status` = CASE WHEN `status` = 'open' THEN 'open' ELSE 'unsettled' END, `run_id` = 'r1'
WHERE
  `key` IN (
    SELECT
      `key`
    FROM `qsync`.`stage_r1`
    WHERE
      `number` BETWEEN 7 AND 9
  );

-- commit 7
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

-- commit 8
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

-- commit 9
UPDATE `qsync`.`state_people` SET `status` = 'removed', `run_id` = 'r1', `acked_at` = '2026-11-03 05:00:00'
WHERE
  `key` IN (
    SELECT
      `key`
    FROM `qsync`.`stage_r1`
    WHERE
      `op` = 'removed' AND NOT NOT `number` IS NULL
  );

-- commit 10
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
  );

-- commit 11
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

-- commit 12
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

-- commit 13
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

-- commit 14
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
