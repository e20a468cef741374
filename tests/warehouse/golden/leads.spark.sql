-- count
WITH `keyed` AS (
  SELECT
    NULLIF(
      TRIM(' \t\r\n' FROM TRANSLATE(CAST(`email` AS STRING), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')),
      ''
    ) AS `k`,
    CAST(`title` AS STRING) AS `v_job_title`,
    REPLACE(DATE_FORMAT(`last_seen_at`, 'yyyy-MM-dd\'T\'HH:mm:ss.SSSSSS\'Z\''), '.000000Z', 'Z') AS `v_last_seen_at`,
    CASE
      WHEN REGEXP_LIKE(CAST(`product_score` AS STRING), '[.]')
      THEN TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM CAST(`product_score` AS STRING)))
      ELSE CAST(`product_score` AS STRING)
    END AS `v_product_score`,
    CAST(`seniority` AS STRING) AS `v_seniority`,
    CAST('warehouse' AS STRING) AS `v_source`,
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
    ) AS `company_domain`
  FROM `db`.`prod`.`people`
), `shared` AS (
  SELECT
    NULLIF(
      TRIM(' \t\r\n' FROM TRANSLATE(CAST(`email` AS STRING), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')),
      ''
    ) AS `shared_key`
  FROM `db`.`prod`.`people`
  GROUP BY
    1
  HAVING
    COUNT(*) > 1
), `source` AS (
  SELECT
    `keyed`.`k` AS `k`,
    1 AS `present`,
    CASE
      WHEN `keyed`.`k` IS NULL
      THEN 'null_key'
      WHEN NOT NOT REGEXP_LIKE(`keyed`.`k`, '[^ -~]')
      THEN 'non_ascii_key'
      WHEN NOT REGEXP_LIKE(
        `keyed`.`k`,
        '^[^@,;:<>()" \t\r\n]+@([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]([a-z0-9-]*[a-z0-9])?\\z'
      )
      THEN 'malformed_key'
      WHEN NOT `shared`.`shared_key` IS NULL
      THEN 'duplicate_key'
      WHEN NOT `keyed`.`v_product_score` IS NULL
      AND NOT REGEXP_LIKE(`keyed`.`v_product_score`, '^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?\\z')
      THEN 'not_a_number:product_score'
      WHEN NOT `keyed`.`v_seniority` IS NULL
      AND NOT `keyed`.`v_seniority` IN ('vp', 'it\'s')
      THEN 'not_an_option:seniority'
      ELSE CAST(NULL AS STRING)
    END AS `invalid`,
    MD5(
      '1.1.b95fad14efe4' || COALESCE(CAST(LENGTH(`keyed`.`v_job_title`) AS STRING) || ':' || `keyed`.`v_job_title`, '~') || COALESCE(
        CAST(LENGTH(`keyed`.`v_last_seen_at`) AS STRING) || ':' || `keyed`.`v_last_seen_at`,
        '~'
      ) || COALESCE(
        CAST(LENGTH(`keyed`.`v_product_score`) AS STRING) || ':' || `keyed`.`v_product_score`,
        '~'
      ) || COALESCE(CAST(LENGTH(`keyed`.`v_seniority`) AS STRING) || ':' || `keyed`.`v_seniority`, '~') || COALESCE(CAST(LENGTH(`keyed`.`v_source`) AS STRING) || ':' || `keyed`.`v_source`, '~')
    ) AS `h`,
    `keyed`.`v_job_title` AS `v_job_title`,
    `keyed`.`v_last_seen_at` AS `v_last_seen_at`,
    `keyed`.`v_product_score` AS `v_product_score`,
    `keyed`.`v_seniority` AS `v_seniority`,
    `keyed`.`v_source` AS `v_source`,
    CASE
      WHEN NOT `keyed`.`company_domain` IS NULL
      AND NOT REGEXP_LIKE(`keyed`.`company_domain`, '[^ -~]')
      AND REGEXP_LIKE(
        `keyed`.`company_domain`,
        '^([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]([a-z0-9-]*[a-z0-9])?\\z'
      )
      AND REGEXP_LIKE(
        `keyed`.`k`,
        '^[^@,;:<>()" \t\r\n]+@([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]([a-z0-9-]*[a-z0-9])?\\z'
      )
      AND REGEXP_REPLACE(`keyed`.`k`, '^.*@', '') <> `keyed`.`company_domain`
      THEN 1
      ELSE 0
    END AS `other_domain`
  FROM `keyed`
  LEFT JOIN `shared`
    ON `keyed`.`k` = `shared`.`shared_key`
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
    `stream_id` = '0123456789abcdef' AND `meaning` = '57c37cd24980'
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
        NOT `source`.`v_job_title` IS NULL
        OR (
          NOT `source`.`v_last_seen_at` IS NULL
          AND (
            `state`.`v_last_seen_at` IS NULL
            OR `source`.`v_last_seen_at` <> `state`.`v_last_seen_at`
          )
        )
        OR (
          NOT `source`.`v_product_score` IS NULL
          AND (
            `state`.`v_product_score` IS NULL
            OR `source`.`v_product_score` <> `state`.`v_product_score`
          )
        )
        OR (
          NOT `source`.`v_seniority` IS NULL
          AND (
            `state`.`v_seniority` IS NULL OR `source`.`v_seniority` <> `state`.`v_seniority`
          )
        )
        OR (
          NOT `source`.`v_source` IS NULL
          AND (
            `state`.`v_source` IS NULL OR `source`.`v_source` <> `state`.`v_source`
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
      WHEN `source`.`v_job_title` IS NULL
      THEN '.'
      ELSE 's'
    END || CASE
      WHEN `source`.`present` IS NULL
      THEN '-'
      WHEN `source`.`v_last_seen_at` IS NULL
      THEN '-'
      WHEN `state`.`v_last_seen_at` IS NULL
      THEN 's'
      WHEN `source`.`v_last_seen_at` <> `state`.`v_last_seen_at`
      THEN 'c'
      ELSE '.'
    END || CASE
      WHEN `source`.`present` IS NULL
      THEN '-'
      WHEN `source`.`v_product_score` IS NULL
      THEN '-'
      WHEN `state`.`v_product_score` IS NULL
      THEN 's'
      WHEN `source`.`v_product_score` <> `state`.`v_product_score`
      THEN 'c'
      ELSE '.'
    END || CASE
      WHEN `source`.`present` IS NULL
      THEN '-'
      WHEN `source`.`v_seniority` IS NULL
      THEN '-'
      WHEN `state`.`v_seniority` IS NULL
      THEN 's'
      WHEN `source`.`v_seniority` <> `state`.`v_seniority`
      THEN 'c'
      ELSE '.'
    END || CASE
      WHEN `source`.`present` IS NULL
      THEN '-'
      WHEN `source`.`v_source` IS NULL
      THEN '-'
      WHEN `state`.`v_source` IS NULL
      THEN 's'
      WHEN `source`.`v_source` <> `state`.`v_source`
      THEN 'c'
      ELSE '.'
    END AS `kinds`,
    `source`.`v_job_title` AS `v_job_title`,
    COALESCE(
      `source`.`v_last_seen_at`,
      CASE
        WHEN `state`.`status` IN ('unsettled', 'open')
        AND NOT `state`.`v_last_seen_at` IS NULL
        THEN 'qsync:unknown'
        ELSE `state`.`v_last_seen_at`
      END
    ) AS `v_last_seen_at`,
    COALESCE(
      `source`.`v_product_score`,
      CASE
        WHEN `state`.`status` IN ('unsettled', 'open')
        AND NOT `state`.`v_product_score` IS NULL
        THEN 'qsync:unknown'
        ELSE `state`.`v_product_score`
      END
    ) AS `v_product_score`,
    COALESCE(
      `source`.`v_seniority`,
      CASE
        WHEN `state`.`status` IN ('unsettled', 'open') AND NOT `state`.`v_seniority` IS NULL
        THEN 'qsync:unknown'
        ELSE `state`.`v_seniority`
      END
    ) AS `v_seniority`,
    COALESCE(
      `source`.`v_source`,
      CASE
        WHEN `state`.`status` IN ('unsettled', 'open') AND NOT `state`.`v_source` IS NULL
        THEN 'qsync:unknown'
        ELSE `state`.`v_source`
      END
    ) AS `v_source`,
    COALESCE(`rejected`.`attempts`, 0) AS `attempts`,
    `rejected`.`first_at` AS `rejected_at`,
    COALESCE(`source`.`other_domain`, 0) AS `other_domain`
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
  COALESCE(SUM(CASE WHEN 1 = 0 THEN 1 ELSE 0 END), 0)
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
    WHEN (
      SUBSTRING(`kinds`, 2, 1) IN ('c', 's', 'x')
      OR SUBSTRING(`kinds`, 3, 1) IN ('c', 's', 'x')
      OR SUBSTRING(`kinds`, 5, 1) IN ('c', 's', 'x')
    )
    THEN 'data'
    WHEN SUBSTRING(`kinds`, 1, 1) IN ('c', 's', 'x')
    THEN 'mapping'
    WHEN SUBSTRING(`kinds`, 4, 1) IN ('c', 's', 'x')
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
  COALESCE(SUM(CASE WHEN 1 = 0 THEN 1 ELSE 0 END), 0)
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
      TRIM(' \t\r\n' FROM TRANSLATE(CAST(`email` AS STRING), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')),
      ''
    ) AS `k`,
    CAST(`title` AS STRING) AS `v_job_title`,
    REPLACE(DATE_FORMAT(`last_seen_at`, 'yyyy-MM-dd\'T\'HH:mm:ss.SSSSSS\'Z\''), '.000000Z', 'Z') AS `v_last_seen_at`,
    CASE
      WHEN REGEXP_LIKE(CAST(`product_score` AS STRING), '[.]')
      THEN TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM CAST(`product_score` AS STRING)))
      ELSE CAST(`product_score` AS STRING)
    END AS `v_product_score`,
    CAST(`seniority` AS STRING) AS `v_seniority`,
    CAST('warehouse' AS STRING) AS `v_source`,
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
    ) AS `company_domain`
  FROM `db`.`prod`.`people`
), `shared` AS (
  SELECT
    NULLIF(
      TRIM(' \t\r\n' FROM TRANSLATE(CAST(`email` AS STRING), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')),
      ''
    ) AS `shared_key`
  FROM `db`.`prod`.`people`
  GROUP BY
    1
  HAVING
    COUNT(*) > 1
), `source` AS (
  SELECT
    `keyed`.`k` AS `k`,
    1 AS `present`,
    CASE
      WHEN `keyed`.`k` IS NULL
      THEN 'null_key'
      WHEN NOT NOT REGEXP_LIKE(`keyed`.`k`, '[^ -~]')
      THEN 'non_ascii_key'
      WHEN NOT REGEXP_LIKE(
        `keyed`.`k`,
        '^[^@,;:<>()" \t\r\n]+@([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]([a-z0-9-]*[a-z0-9])?\\z'
      )
      THEN 'malformed_key'
      WHEN NOT `shared`.`shared_key` IS NULL
      THEN 'duplicate_key'
      WHEN NOT `keyed`.`v_product_score` IS NULL
      AND NOT REGEXP_LIKE(`keyed`.`v_product_score`, '^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?\\z')
      THEN 'not_a_number:product_score'
      WHEN NOT `keyed`.`v_seniority` IS NULL
      AND NOT `keyed`.`v_seniority` IN ('vp', 'it\'s')
      THEN 'not_an_option:seniority'
      ELSE CAST(NULL AS STRING)
    END AS `invalid`,
    MD5(
      '1.1.b95fad14efe4' || COALESCE(CAST(LENGTH(`keyed`.`v_job_title`) AS STRING) || ':' || `keyed`.`v_job_title`, '~') || COALESCE(
        CAST(LENGTH(`keyed`.`v_last_seen_at`) AS STRING) || ':' || `keyed`.`v_last_seen_at`,
        '~'
      ) || COALESCE(
        CAST(LENGTH(`keyed`.`v_product_score`) AS STRING) || ':' || `keyed`.`v_product_score`,
        '~'
      ) || COALESCE(CAST(LENGTH(`keyed`.`v_seniority`) AS STRING) || ':' || `keyed`.`v_seniority`, '~') || COALESCE(CAST(LENGTH(`keyed`.`v_source`) AS STRING) || ':' || `keyed`.`v_source`, '~')
    ) AS `h`,
    `keyed`.`v_job_title` AS `v_job_title`,
    `keyed`.`v_last_seen_at` AS `v_last_seen_at`,
    `keyed`.`v_product_score` AS `v_product_score`,
    `keyed`.`v_seniority` AS `v_seniority`,
    `keyed`.`v_source` AS `v_source`,
    CASE
      WHEN NOT `keyed`.`company_domain` IS NULL
      AND NOT REGEXP_LIKE(`keyed`.`company_domain`, '[^ -~]')
      AND REGEXP_LIKE(
        `keyed`.`company_domain`,
        '^([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]([a-z0-9-]*[a-z0-9])?\\z'
      )
      AND REGEXP_LIKE(
        `keyed`.`k`,
        '^[^@,;:<>()" \t\r\n]+@([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]([a-z0-9-]*[a-z0-9])?\\z'
      )
      AND REGEXP_REPLACE(`keyed`.`k`, '^.*@', '') <> `keyed`.`company_domain`
      THEN 1
      ELSE 0
    END AS `other_domain`
  FROM `keyed`
  LEFT JOIN `shared`
    ON `keyed`.`k` = `shared`.`shared_key`
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
    `stream_id` = '0123456789abcdef' AND `meaning` = '57c37cd24980'
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
        NOT `source`.`v_job_title` IS NULL
        OR (
          NOT `source`.`v_last_seen_at` IS NULL
          AND (
            `state`.`v_last_seen_at` IS NULL
            OR `source`.`v_last_seen_at` <> `state`.`v_last_seen_at`
          )
        )
        OR (
          NOT `source`.`v_product_score` IS NULL
          AND (
            `state`.`v_product_score` IS NULL
            OR `source`.`v_product_score` <> `state`.`v_product_score`
          )
        )
        OR (
          NOT `source`.`v_seniority` IS NULL
          AND (
            `state`.`v_seniority` IS NULL OR `source`.`v_seniority` <> `state`.`v_seniority`
          )
        )
        OR (
          NOT `source`.`v_source` IS NULL
          AND (
            `state`.`v_source` IS NULL OR `source`.`v_source` <> `state`.`v_source`
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
      WHEN `source`.`v_job_title` IS NULL
      THEN '.'
      ELSE 's'
    END || CASE
      WHEN `source`.`present` IS NULL
      THEN '-'
      WHEN `source`.`v_last_seen_at` IS NULL
      THEN '-'
      WHEN `state`.`v_last_seen_at` IS NULL
      THEN 's'
      WHEN `source`.`v_last_seen_at` <> `state`.`v_last_seen_at`
      THEN 'c'
      ELSE '.'
    END || CASE
      WHEN `source`.`present` IS NULL
      THEN '-'
      WHEN `source`.`v_product_score` IS NULL
      THEN '-'
      WHEN `state`.`v_product_score` IS NULL
      THEN 's'
      WHEN `source`.`v_product_score` <> `state`.`v_product_score`
      THEN 'c'
      ELSE '.'
    END || CASE
      WHEN `source`.`present` IS NULL
      THEN '-'
      WHEN `source`.`v_seniority` IS NULL
      THEN '-'
      WHEN `state`.`v_seniority` IS NULL
      THEN 's'
      WHEN `source`.`v_seniority` <> `state`.`v_seniority`
      THEN 'c'
      ELSE '.'
    END || CASE
      WHEN `source`.`present` IS NULL
      THEN '-'
      WHEN `source`.`v_source` IS NULL
      THEN '-'
      WHEN `state`.`v_source` IS NULL
      THEN 's'
      WHEN `source`.`v_source` <> `state`.`v_source`
      THEN 'c'
      ELSE '.'
    END AS `kinds`,
    `source`.`v_job_title` AS `v_job_title`,
    COALESCE(
      `source`.`v_last_seen_at`,
      CASE
        WHEN `state`.`status` IN ('unsettled', 'open')
        AND NOT `state`.`v_last_seen_at` IS NULL
        THEN 'qsync:unknown'
        ELSE `state`.`v_last_seen_at`
      END
    ) AS `v_last_seen_at`,
    COALESCE(
      `source`.`v_product_score`,
      CASE
        WHEN `state`.`status` IN ('unsettled', 'open')
        AND NOT `state`.`v_product_score` IS NULL
        THEN 'qsync:unknown'
        ELSE `state`.`v_product_score`
      END
    ) AS `v_product_score`,
    COALESCE(
      `source`.`v_seniority`,
      CASE
        WHEN `state`.`status` IN ('unsettled', 'open') AND NOT `state`.`v_seniority` IS NULL
        THEN 'qsync:unknown'
        ELSE `state`.`v_seniority`
      END
    ) AS `v_seniority`,
    COALESCE(
      `source`.`v_source`,
      CASE
        WHEN `state`.`status` IN ('unsettled', 'open') AND NOT `state`.`v_source` IS NULL
        THEN 'qsync:unknown'
        ELSE `state`.`v_source`
      END
    ) AS `v_source`,
    COALESCE(`rejected`.`attempts`, 0) AS `attempts`,
    `rejected`.`first_at` AS `rejected_at`,
    COALESCE(`source`.`other_domain`, 0) AS `other_domain`
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
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 3, 1) = 'c' THEN 1 ELSE 0 END), 0) AS `f_2_c`,
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 3, 1) = 's' THEN 1 ELSE 0 END), 0) AS `f_2_s`,
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 3, 1) = 'x' THEN 1 ELSE 0 END), 0) AS `f_2_x`,
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 4, 1) = 'c' THEN 1 ELSE 0 END), 0) AS `f_3_c`,
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 4, 1) = 's' THEN 1 ELSE 0 END), 0) AS `f_3_s`,
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 4, 1) = 'x' THEN 1 ELSE 0 END), 0) AS `f_3_x`,
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 5, 1) = 'c' THEN 1 ELSE 0 END), 0) AS `f_4_c`,
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 5, 1) = 's' THEN 1 ELSE 0 END), 0) AS `f_4_s`,
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 5, 1) = 'x' THEN 1 ELSE 0 END), 0) AS `f_4_x`,
  COALESCE(SUM(CASE WHEN `kinds` LIKE '%x%' THEN 1 ELSE 0 END), 0) AS `cleared`
FROM `diff`
WHERE
  `op` IN ('changed');

-- stage
WITH `keyed` AS (
  SELECT
    NULLIF(
      TRIM(' \t\r\n' FROM TRANSLATE(CAST(`email` AS STRING), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')),
      ''
    ) AS `k`,
    CAST(`title` AS STRING) AS `v_job_title`,
    REPLACE(DATE_FORMAT(`last_seen_at`, 'yyyy-MM-dd\'T\'HH:mm:ss.SSSSSS\'Z\''), '.000000Z', 'Z') AS `v_last_seen_at`,
    CASE
      WHEN REGEXP_LIKE(CAST(`product_score` AS STRING), '[.]')
      THEN TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM CAST(`product_score` AS STRING)))
      ELSE CAST(`product_score` AS STRING)
    END AS `v_product_score`,
    CAST(`seniority` AS STRING) AS `v_seniority`,
    CAST('warehouse' AS STRING) AS `v_source`,
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
    ) AS `company_domain`
  FROM `db`.`prod`.`people`
), `shared` AS (
  SELECT
    NULLIF(
      TRIM(' \t\r\n' FROM TRANSLATE(CAST(`email` AS STRING), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')),
      ''
    ) AS `shared_key`
  FROM `db`.`prod`.`people`
  GROUP BY
    1
  HAVING
    COUNT(*) > 1
), `source` AS (
  SELECT
    `keyed`.`k` AS `k`,
    1 AS `present`,
    CASE
      WHEN `keyed`.`k` IS NULL
      THEN 'null_key'
      WHEN NOT NOT REGEXP_LIKE(`keyed`.`k`, '[^ -~]')
      THEN 'non_ascii_key'
      WHEN NOT REGEXP_LIKE(
        `keyed`.`k`,
        '^[^@,;:<>()" \t\r\n]+@([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]([a-z0-9-]*[a-z0-9])?\\z'
      )
      THEN 'malformed_key'
      WHEN NOT `shared`.`shared_key` IS NULL
      THEN 'duplicate_key'
      WHEN NOT `keyed`.`v_product_score` IS NULL
      AND NOT REGEXP_LIKE(`keyed`.`v_product_score`, '^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?\\z')
      THEN 'not_a_number:product_score'
      WHEN NOT `keyed`.`v_seniority` IS NULL
      AND NOT `keyed`.`v_seniority` IN ('vp', 'it\'s')
      THEN 'not_an_option:seniority'
      ELSE CAST(NULL AS STRING)
    END AS `invalid`,
    MD5(
      '1.1.b95fad14efe4' || COALESCE(CAST(LENGTH(`keyed`.`v_job_title`) AS STRING) || ':' || `keyed`.`v_job_title`, '~') || COALESCE(
        CAST(LENGTH(`keyed`.`v_last_seen_at`) AS STRING) || ':' || `keyed`.`v_last_seen_at`,
        '~'
      ) || COALESCE(
        CAST(LENGTH(`keyed`.`v_product_score`) AS STRING) || ':' || `keyed`.`v_product_score`,
        '~'
      ) || COALESCE(CAST(LENGTH(`keyed`.`v_seniority`) AS STRING) || ':' || `keyed`.`v_seniority`, '~') || COALESCE(CAST(LENGTH(`keyed`.`v_source`) AS STRING) || ':' || `keyed`.`v_source`, '~')
    ) AS `h`,
    `keyed`.`v_job_title` AS `v_job_title`,
    `keyed`.`v_last_seen_at` AS `v_last_seen_at`,
    `keyed`.`v_product_score` AS `v_product_score`,
    `keyed`.`v_seniority` AS `v_seniority`,
    `keyed`.`v_source` AS `v_source`,
    CASE
      WHEN NOT `keyed`.`company_domain` IS NULL
      AND NOT REGEXP_LIKE(`keyed`.`company_domain`, '[^ -~]')
      AND REGEXP_LIKE(
        `keyed`.`company_domain`,
        '^([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]([a-z0-9-]*[a-z0-9])?\\z'
      )
      AND REGEXP_LIKE(
        `keyed`.`k`,
        '^[^@,;:<>()" \t\r\n]+@([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]([a-z0-9-]*[a-z0-9])?\\z'
      )
      AND REGEXP_REPLACE(`keyed`.`k`, '^.*@', '') <> `keyed`.`company_domain`
      THEN 1
      ELSE 0
    END AS `other_domain`
  FROM `keyed`
  LEFT JOIN `shared`
    ON `keyed`.`k` = `shared`.`shared_key`
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
    `stream_id` = '0123456789abcdef' AND `meaning` = '57c37cd24980'
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
        NOT `source`.`v_job_title` IS NULL
        OR (
          NOT `source`.`v_last_seen_at` IS NULL
          AND (
            `state`.`v_last_seen_at` IS NULL
            OR `source`.`v_last_seen_at` <> `state`.`v_last_seen_at`
          )
        )
        OR (
          NOT `source`.`v_product_score` IS NULL
          AND (
            `state`.`v_product_score` IS NULL
            OR `source`.`v_product_score` <> `state`.`v_product_score`
          )
        )
        OR (
          NOT `source`.`v_seniority` IS NULL
          AND (
            `state`.`v_seniority` IS NULL OR `source`.`v_seniority` <> `state`.`v_seniority`
          )
        )
        OR (
          NOT `source`.`v_source` IS NULL
          AND (
            `state`.`v_source` IS NULL OR `source`.`v_source` <> `state`.`v_source`
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
      WHEN `source`.`v_job_title` IS NULL
      THEN '.'
      ELSE 's'
    END || CASE
      WHEN `source`.`present` IS NULL
      THEN '-'
      WHEN `source`.`v_last_seen_at` IS NULL
      THEN '-'
      WHEN `state`.`v_last_seen_at` IS NULL
      THEN 's'
      WHEN `source`.`v_last_seen_at` <> `state`.`v_last_seen_at`
      THEN 'c'
      ELSE '.'
    END || CASE
      WHEN `source`.`present` IS NULL
      THEN '-'
      WHEN `source`.`v_product_score` IS NULL
      THEN '-'
      WHEN `state`.`v_product_score` IS NULL
      THEN 's'
      WHEN `source`.`v_product_score` <> `state`.`v_product_score`
      THEN 'c'
      ELSE '.'
    END || CASE
      WHEN `source`.`present` IS NULL
      THEN '-'
      WHEN `source`.`v_seniority` IS NULL
      THEN '-'
      WHEN `state`.`v_seniority` IS NULL
      THEN 's'
      WHEN `source`.`v_seniority` <> `state`.`v_seniority`
      THEN 'c'
      ELSE '.'
    END || CASE
      WHEN `source`.`present` IS NULL
      THEN '-'
      WHEN `source`.`v_source` IS NULL
      THEN '-'
      WHEN `state`.`v_source` IS NULL
      THEN 's'
      WHEN `source`.`v_source` <> `state`.`v_source`
      THEN 'c'
      ELSE '.'
    END AS `kinds`,
    `source`.`v_job_title` AS `v_job_title`,
    COALESCE(
      `source`.`v_last_seen_at`,
      CASE
        WHEN `state`.`status` IN ('unsettled', 'open')
        AND NOT `state`.`v_last_seen_at` IS NULL
        THEN 'qsync:unknown'
        ELSE `state`.`v_last_seen_at`
      END
    ) AS `v_last_seen_at`,
    COALESCE(
      `source`.`v_product_score`,
      CASE
        WHEN `state`.`status` IN ('unsettled', 'open')
        AND NOT `state`.`v_product_score` IS NULL
        THEN 'qsync:unknown'
        ELSE `state`.`v_product_score`
      END
    ) AS `v_product_score`,
    COALESCE(
      `source`.`v_seniority`,
      CASE
        WHEN `state`.`status` IN ('unsettled', 'open') AND NOT `state`.`v_seniority` IS NULL
        THEN 'qsync:unknown'
        ELSE `state`.`v_seniority`
      END
    ) AS `v_seniority`,
    COALESCE(
      `source`.`v_source`,
      CASE
        WHEN `state`.`status` IN ('unsettled', 'open') AND NOT `state`.`v_source` IS NULL
        THEN 'qsync:unknown'
        ELSE `state`.`v_source`
      END
    ) AS `v_source`,
    COALESCE(`rejected`.`attempts`, 0) AS `attempts`,
    `rejected`.`first_at` AS `rejected_at`,
    COALESCE(`source`.`other_domain`, 0) AS `other_domain`
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
  `v_job_title`,
  `v_last_seen_at`,
  `v_product_score`,
  `v_seniority`,
  `v_source`,
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
  `v_job_title`,
  `v_last_seen_at`,
  `v_product_score`,
  `v_seniority`,
  `v_source`
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
    ) || ':lead:' || `key`
  ) IN (
    SELECT
      `key_hash`
    FROM `qsync`.`qsync_suppressed`
    WHERE
      `object` = 'lead'
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
  `v_job_title`,
  `v_last_seen_at`,
  `v_product_score`,
  `v_seniority`,
  `v_source`
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
  `v_job_title`,
  `v_last_seen_at`,
  `v_product_score`,
  `v_seniority`,
  `v_source`
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
  '57c37cd24980',
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
  '57c37cd24980',
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
