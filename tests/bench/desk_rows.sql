-- A county's rows after a year, for bench_desk.py: made in PostgreSQL from the rows of the demo county, which the
-- product wrote. Every row is shaped and filled as its original is; ids, areas, people, times and places are its own.
-- Sealed values are shared with the originals (a token is bound to its column, not to its row), so they open.
-- @households@ and the like are put in by desk_ground.py; statements are parted by an empty line.

CREATE SCHEMA desk;

CREATE FUNCTION desk.uid(kind text, n bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT overlay(overlay(md5(kind || n) PLACING '4' FROM 13) PLACING '8' FROM 17)::uuid::text $$;

CREATE FUNCTION desk.dice(seed int, n bigint) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT (hashint8extended(n, seed) & 4294967295)::float8 / 4294967296 $$;

CREATE FUNCTION desk.pick(seed int, n bigint, count bigint) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT floor(desk.dice(seed, n) * count)::int $$;

-- Twenty townships of fifteen villages with four groups each, beside the demo's own three.

CREATE TABLE desk.village AS
SELECT v, v / 15 AS t, '990101' || (300 + v / 15) || (201 + v % 15) AS code, '990101' || (300 + v / 15) || '000' AS township,
       109.0 + 0.16 * ((v / 15) % 5) + 0.03 * ((v % 15) % 5) AS lon, 25.2 + 0.1 * (v / 75) + 0.03 * ((v % 15) / 5) AS lat
FROM generate_series(0, 299) v;

ALTER TABLE desk.village ADD PRIMARY KEY (v);

INSERT INTO region (code, parent_code, level, path, name_zh, name_en, boundary)
SELECT township, '990101000000', 'township', '/990000000000/990101000000/' || township || '/', '量镇' || min(t), 'Town ' || min(t),
       ST_Multi(ST_Union(ST_MakeEnvelope(lon, lat, lon + 0.03, lat + 0.03, 4326)))
FROM desk.village GROUP BY township;

INSERT INTO region (code, parent_code, level, path, name_zh, name_en, boundary)
SELECT code, township, 'village', '/990000000000/990101000000/' || township || '/' || code || '/', '量村' || v, 'Village ' || v,
       ST_Segmentize(ST_MakeEnvelope(lon, lat, lon + 0.03, lat + 0.03, 4326), 0.0006)
FROM desk.village;

INSERT INTO region (code, parent_code, level, path, name_zh, name_en)
SELECT code || '-0' || g, code, 'group', '/990000000000/990101000000/' || township || '/' || code || '/' || code || '-0' || g || '/',
       '量村' || v || g || '组', 'Village ' || v || ' group ' || g
FROM desk.village, generate_series(1, 4) g;

UPDATE region SET boundary = ST_Multi(ST_Union(boundary, (SELECT ST_Union(boundary) FROM region WHERE level = 'township')))
WHERE level = 'county';

-- A cadre and four helpers for each village, two supervisors for each township; their password is the demo's.

CREATE TABLE desk.worker AS
SELECT v AS n, desk.uid('cadre', v) AS id, 'desk.cadre.' || v AS username, v, 0 AS k FROM generate_series(0, 299) v
UNION ALL
SELECT 300 + v * 4 + k - 1, desk.uid('helper', v * 4 + k), 'desk.helper.' || v || '.' || k, v, k
FROM generate_series(0, 299) v, generate_series(1, 4) k;

CREATE UNIQUE INDEX ON desk.worker (v, k);

INSERT INTO person (id, username, display_name, password_hash, active, created_at)
SELECT one.id, one.username, one.name, (SELECT password_hash FROM person WHERE username = 'li.min'), true, now() - interval '400 days'
FROM (SELECT id, username, '量员' || n AS name FROM desk.worker
      UNION ALL SELECT desk.uid('supervisor', s), 'desk.supervisor.' || s, '量主任' || s FROM generate_series(0, 39) s) one;

INSERT INTO role_grant (person_id, role, region_code)
SELECT w.id, 'cadre', v.code FROM desk.worker w JOIN desk.village v USING (v) WHERE w.k = 0
UNION ALL
SELECT desk.uid('supervisor', s), 'supervisor', '990101' || (300 + s / 2) || '000' FROM generate_series(0, 39) s;

INSERT INTO install (id, person_id, name, model, app_build, public_key_jwk, acked_seq, created_at, last_seen_at, revoked_at,
                     said_at, outbox_count, outbox_oldest, clock_ahead_s)
SELECT 'desk-' || w.id, w.id, '手机 ' || w.n, 'model ' || w.n % 17, 'build', demo.public_key_jwk, 300, now() - interval '400 days', seen,
       CASE WHEN w.n % 40 = 0 THEN seen END, seen, CASE WHEN w.n % 9 = 0 THEN w.n % 12 ELSE 0 END,
       CASE WHEN w.n % 9 = 0 THEN seen - interval '2 days' END, desk.pick(3, w.n, 90) - 30
FROM (SELECT *, now() - desk.dice(2, n) * interval '9 days' AS seen FROM desk.worker) w,
     (SELECT public_key_jwk FROM install WHERE public_key_jwk IS NOT NULL LIMIT 1) demo;

INSERT INTO install_scope (install_id, scope, state, region_code, held_since, revoking_since)
SELECT 'desk-' || w.id, 'region:' || v.code, CASE WHEN w.n % 50 = 0 THEN 'revoking' ELSE 'held' END, v.code, now() - interval '390 days',
       CASE WHEN w.n % 50 = 0 THEN now() - interval '3 days' END
FROM desk.worker w JOIN desk.village v USING (v) WHERE w.k = 0;

-- What rows are made from: rows of the demo, numbered.

CREATE TABLE desk.tpl_household AS
SELECT row_number() OVER (ORDER BY e.id) - 1 AS n, e.*, v.op_id AS first_op, v.changes AS first_changes, v.data AS first_data,
       v.person_id AS importer
FROM entity e JOIN entity_version v ON v.entity_id = e.id AND v.version = 1 WHERE e.dataset = 'household';

CREATE UNIQUE INDEX ON desk.tpl_household (n);

CREATE TABLE desk.tpl_member AS
SELECT row_number() OVER (ORDER BY e.id) - 1 AS n, e.*, v.op_id AS first_op, v.changes AS first_changes, v.data AS first_data
FROM entity e JOIN entity_version v ON v.entity_id = e.id AND v.version = 1 WHERE e.dataset = 'member';

CREATE UNIQUE INDEX ON desk.tpl_member (n);

CREATE TABLE desk.tpl_visit AS
SELECT row_number() OVER (ORDER BY s.instance_id) - 1 AS n, s.*, o.raw, o.kind, o.entities
FROM submission s JOIN op_log o USING (op_id);

CREATE UNIQUE INDEX ON desk.tpl_visit (n);

CREATE TABLE desk.tpl_change AS
SELECT row_number() OVER (ORDER BY v.op_id) - 1 AS n, v.*
FROM entity_version v JOIN entity e ON e.id = v.entity_id AND e.dataset = 'household' WHERE v.instance_id IS NOT NULL;

CREATE UNIQUE INDEX ON desk.tpl_change (n);

CREATE TABLE desk.tpl_photo AS
SELECT row_number() OVER (ORDER BY a.id) - 1 AS n, a.*, p.format, p.width, p.height, p.exif, p.place, p.place_source, p.findings, h.bits, h.plain
FROM attachment a JOIN photo p ON p.attachment_id = a.id JOIN photo_hash h ON h.attachment_id = a.id;

CREATE UNIQUE INDEX ON desk.tpl_photo (n);

CREATE TABLE desk.tpl_check AS SELECT row_number() OVER (ORDER BY attachment_id, code) - 1 AS n, * FROM photo_check;

CREATE UNIQUE INDEX ON desk.tpl_check (n);

-- Households, each with three members, and visits of them: about four each, more of them lately.

CREATE TABLE desk.home AS
SELECT n, desk.uid('household', n) AS id, v.v, v.code || '-0' || (n / 300) % 4 + 1 AS region, v.code AS village,
       substr('李王张刘陈杨吴黄赵周徐孙马朱胡林郭何高罗郑梁谢宋唐许韩冯邓曹', desk.pick(11, n, 30) + 1, 1)
       || substr('大建志德国永光水正兴家成长明文世开友立春昌定怀培运宗学广忠有', desk.pick(12, n, 30) + 1, 1)
       || substr('山国强富平福明生华旺兴林春亮军荣贵才新盛根来良诚田宝天佑龙海', desk.pick(13, n, 30) + 1, 1) AS label,
       v.lon + 0.03 * desk.dice(14, n) AS lon, v.lat + 0.03 * desk.dice(15, n) AS lat,
       n % (SELECT count(*) FROM desk.tpl_household) AS t
FROM generate_series(0, @households@ - 1) n JOIN desk.village v ON v.v = n % 300;

CREATE UNIQUE INDEX ON desk.home (n);

CREATE TABLE desk.visit AS
SELECT one.*, h.id AS root_id, h.region, h.village, h.lon, h.lat, w.id AS person_id,
       1 + row_number() OVER (PARTITION BY one.home ORDER BY one.received) AS version
FROM (SELECT n, desk.uid('visit', n) AS id, desk.uid('op', n) AS op_id, desk.pick(21, n, @households@) AS home,
             n % (SELECT count(*) FROM desk.tpl_visit) AS t, 1 + desk.pick(22, n, 4) AS k,
             date_trunc('day', now()) - power(desk.dice(23, n), 1.4) * interval '380 days' - interval '1 minute' AS received
      FROM generate_series(0, @households@ * 4 - 1) n) one
JOIN desk.home h ON h.n = one.home JOIN desk.worker w ON w.v = h.v AND w.k = one.k;

CREATE UNIQUE INDEX ON desk.visit (n);

CREATE INDEX ON desk.visit (home);

ANALYZE desk.home, desk.visit, desk.worker, desk.village;

INSERT INTO entity (id, dataset, region_code, root_id, label, version, state, data, contested, shown, vocabulary, geom,
                    created_at, updated_at, updated_by)
SELECT h.id, 'household', h.region, h.id, h.label, coalesce(last.version, 1), 'active',
       t.data || jsonb_build_object('household_no', 'DK' || lpad(h.n::text, 6, '0'), 'head_name', h.label, 'region', h.region,
                                    'lon', round(h.lon::numeric, 6)::text, 'lat', round(h.lat::numeric, 6)::text),
       CASE WHEN h.n % 60 = 0 AND last.version > 2 THEN '["contact_phone"]'::jsonb ELSE '[]' END,
       replace(t.shown::text, t.first_op, desk.uid('import', h.n))::jsonb, t.vocabulary, ST_SetSRID(ST_Point(h.lon, h.lat), 4326),
       now() - interval '400 days', coalesce(last.received, now() - interval '400 days'), coalesce(last.person_id, t.importer)
FROM desk.home h JOIN desk.tpl_household t ON t.n = h.t
LEFT JOIN (SELECT DISTINCT ON (home) home, version, received, person_id FROM desk.visit ORDER BY home, version DESC) last ON last.home = h.n;

INSERT INTO entity (id, dataset, region_code, root_id, parent_id, label, version, state, data, number_hash, contested, shown, vocabulary,
                    created_at, updated_at, updated_by)
SELECT desk.uid('member', h.n * 3 + k), 'member', h.region, h.id, h.id, t.label, 1, 'active', t.data,
       CASE WHEN t.number_hash IS NOT NULL THEN left(t.number_hash, 8) || md5(t.number_hash || h.n) END, '[]',
       replace(t.shown::text, t.first_op, desk.uid('import', h.n))::jsonb, t.vocabulary, now() - interval '400 days',
       now() - interval '400 days', t.updated_by
FROM desk.home h CROSS JOIN generate_series(0, 2) k
JOIN desk.tpl_member t ON t.n = (h.n * 3 + k) % (SELECT count(*) FROM desk.tpl_member);

INSERT INTO entity_version (entity_id, version, op_id, person_id, base_version, at, changes, label, data)
SELECT h.id, 1, desk.uid('import', h.n), t.importer, 0, now() - interval '400 days', t.first_changes, h.label,
       t.first_data || jsonb_build_object('head_name', h.label, 'region', h.region)
FROM desk.home h JOIN desk.tpl_household t ON t.n = h.t;

INSERT INTO entity_version (entity_id, version, op_id, person_id, base_version, at, changes, label, data)
SELECT desk.uid('member', h.n * 3 + k), 1, desk.uid('import', h.n), t.updated_by, 0, now() - interval '400 days', t.first_changes, t.label,
       t.first_data
FROM desk.home h CROSS JOIN generate_series(0, 2) k
JOIN desk.tpl_member t ON t.n = (h.n * 3 + k) % (SELECT count(*) FROM desk.tpl_member);

INSERT INTO entity_version (entity_id, version, op_id, instance_id, person_id, base_version, at, changes, label, data)
SELECT s.root_id, s.version, s.op_id, 'uuid:' || s.id, s.person_id, s.version - 1, s.received, c.changes, h.label,
       c.data || jsonb_build_object('head_name', h.label, 'region', h.region)
FROM desk.visit s JOIN desk.home h ON h.n = s.home
JOIN desk.tpl_change c ON c.n = s.n % (SELECT count(*) FROM desk.tpl_change);

INSERT INTO helper_of (person_id, household_id, position)
SELECT w.id, h.id, CASE j WHEN 0 THEN 'lead' ELSE 'deputy' END
FROM desk.home h CROSS JOIN generate_series(0, 1) j JOIN desk.worker w ON w.v = h.v AND w.k = 1 + (h.n / 300 + j) % 4;

INSERT INTO op_log (op_id, install_id, seq, person_id, kind, raw, content_hash, received_at, attempts, tried_at, status, region_code,
                    entities, judged_at)
SELECT s.op_id, 'desk-' || s.person_id, s.n, s.person_id, t.kind, short.raw, md5(s.op_id) || md5(s.id), s.received, 1, s.received,
       CASE WHEN s.home % 60 = 0 AND s.version = 3 THEN 'conflicted' ELSE 'applied' END, NULL,
       jsonb_build_array(jsonb_build_object('id', s.root_id, 'dataset', 'household', 'version', s.version, 'conflicts', '[]'::jsonb)),
       s.received
FROM desk.visit s JOIN desk.tpl_visit t ON t.n = s.t,
     (SELECT raw FROM op_log ORDER BY length(raw), op_id LIMIT 1) short;

INSERT INTO submission (instance_id, op_id, form_id, form_version, instance_xml, xml_hash, person_id, install_id, region_code, root_id,
                        received_at, started_at, ended_at, contact_mode, location, geom, clock, findings, review,
                        first_review_at, independent)
SELECT 'uuid:' || s.id, s.op_id, t.form_id, t.form_version, t.instance_xml, md5(s.id) || md5(s.op_id), s.person_id, 'desk-' || s.person_id,
       s.region, s.root_id, s.received, s.received - interval '5 hours', s.received - interval '4 hours 30 minutes', t.contact_mode,
       t.location || jsonb_build_object('lon', round(s.lon::numeric, 6)::text, 'lat', round(s.lat::numeric, 6)::text),
       ST_SetSRID(ST_Point(s.lon + 0.0002 * desk.dice(31, s.n), s.lat + 0.0002 * desk.dice(32, s.n)), 4326), t.clock, t.findings,
       said.review, CASE WHEN said.review <> 'received' THEN s.received + interval '2 days' END, t.independent
FROM desk.visit s JOIN desk.tpl_visit t ON t.n = s.t, LATERAL (
    SELECT CASE WHEN s.received > now() - interval '12 days' AND s.n % 3 > 0 THEN 'received' WHEN s.n % 40 = 1 THEN 'has_issues'
                WHEN s.n % 90 = 2 THEN 'rejected' ELSE 'approved' END AS review) said;

INSERT INTO review (id, instance_id, person_id, state, comments, at)
SELECT desk.uid('review', s.n), 'uuid:' || s.id, desk.uid('supervisor', s.v / 15 * 2), b.review, '[]', s.received + interval '2 days'
FROM (SELECT s.*, h.v FROM desk.visit s JOIN desk.home h ON h.n = s.home) s
JOIN submission b ON b.instance_id = 'uuid:' || s.id WHERE b.review <> 'received';

INSERT INTO question (id, instance_id, text, asked_by, asked_at, state)
SELECT desk.uid('question', s.n), 'uuid:' || s.id, @question@, desk.uid('supervisor', h.v / 15 * 2), s.received + interval '2 days',
       CASE WHEN s.n % 7 = 0 THEN 'open' ELSE 'answered' END
FROM desk.visit s JOIN desk.home h ON h.n = s.home WHERE s.n % 20 = 1;

INSERT INTO answer (op_id, question_id, person_id, text, received_at)
SELECT s.op_id, desk.uid('question', s.n), s.person_id, @answer@, s.received + interval '4 days'
FROM desk.visit s WHERE s.n % 20 = 1 AND s.n % 7 > 0;

-- Photos: two or three a visit; of three in a hundred the bytes are still on their way.

CREATE TABLE desk.shot AS
SELECT n, desk.uid('photo', n) AS id, n % (SELECT count(*) FROM desk.tpl_photo) AS t, n % (@households@ * 4) AS visit,
       md5('shot' || n) || md5('file' || n) AS sha256, desk.pick(41, n, 100) >= 3 AS here
FROM generate_series(0, @households@ * 10 - 1) n;

INSERT INTO blob (sha256, size, created_at) SELECT sha256, 48056, now() FROM desk.shot WHERE here;

INSERT INTO attachment (id, instance_id, person_id, name, slot, sha256, size, media_type, capture, blob, bound_at)
SELECT p.id, 'uuid:' || s.id, s.person_id, p.id || '.jpg', t.slot, p.sha256, t.size, t.media_type, t.capture,
       CASE WHEN p.here THEN p.sha256 END, CASE WHEN p.here THEN s.received END
FROM desk.shot p JOIN desk.tpl_photo t ON t.n = p.t JOIN desk.visit s ON s.n = p.visit;

INSERT INTO photo (attachment_id, state, format, width, height, taken_at, exif, place, place_source, geom, findings, attempts, derived_at,
                   checked_at)
SELECT p.id, CASE WHEN p.here THEN 'ready' ELSE 'pending' END, t.format, t.width, t.height, s.received - interval '4 hours 50 minutes', t.exif, t.place,
       t.place_source, ST_SetSRID(ST_Point(s.lon + 0.0003 * desk.dice(42, p.n), s.lat + 0.0003 * desk.dice(43, p.n)), 4326), t.findings, 1,
       s.received, s.received
FROM desk.shot p JOIN desk.tpl_photo t ON t.n = p.t JOIN desk.visit s ON s.n = p.visit;

INSERT INTO photo_hash (number, attachment_id, bits, plain)
SELECT (SELECT max(number) FROM photo_hash) + 1 + p.n, p.id, t.bits, t.plain
FROM desk.shot p JOIN desk.tpl_photo t ON t.n = p.t WHERE p.here;

INSERT INTO photo_check (attachment_id, code, level, value, "limit", inputs, rule, at)
SELECT p.id, c.code, c.level, c.value, c."limit", c.inputs, c.rule, s.received
FROM desk.shot p JOIN desk.visit s ON s.n = p.visit
JOIN desk.tpl_check c ON c.n = p.n / 25 % (SELECT count(*) FROM desk.tpl_check) WHERE p.n % 25 = 0 AND p.here;

INSERT INTO photo_look (attachment_id, state, weight, drawn, codes, opened_at, question_id)
SELECT p.id, CASE WHEN s.received < now() - interval '14 days' THEN 'done' WHEN q.id IS NOT NULL THEN 'asked' ELSE 'open' END,
       CASE c.level WHEN 'fail' THEN 3 WHEN 'warn' THEN 1 ELSE 0 END, p.n % 25 > 0,
       CASE WHEN c.code IS NULL THEN '[]'::jsonb ELSE jsonb_build_array(c.code) END, s.received, q.id
FROM desk.shot p JOIN desk.visit s ON s.n = p.visit LEFT JOIN photo_check c ON c.attachment_id = p.id
LEFT JOIN question q ON q.id = desk.uid('question', s.n) WHERE p.here AND (p.n % 25 = 0 OR p.n % 50 = 7);

INSERT INTO verdict (id, attachment_id, verdict, note, codes, measured, person_id, at)
SELECT desk.uid('verdict', p.n), p.id, (ARRAY['explained', 'explained', 'unclear', 'confirmed', 'explained'])[1 + desk.pick(45, p.n, 5)], @note@,
       l.codes, CASE WHEN c.code IS NULL THEN '{}'::jsonb ELSE jsonb_build_object(c.code, jsonb_build_object('level', c.level,
           'value', c.value, 'limit', c."limit", 'rule', c.rule)) END, desk.uid('supervisor', p.n % 40), l.opened_at + interval '3 days'
FROM desk.shot p JOIN photo_look l ON l.attachment_id = p.id AND l.state = 'done' LEFT JOIN photo_check c ON c.attachment_id = p.id;

-- What was said of a household that people differ about, and where it was said to stand; heads of other values are left out.

INSERT INTO head (entity_id, key, op_id, value, version, base_version, lineage, rank, person_id, implied)
SELECT h.id, x.key, desk.uid('import', h.n), x.value, 1, 0, 'import:desk', 0, x.person_id, false
FROM desk.home h CROSS JOIN (SELECT DISTINCT ON (key) * FROM head WHERE version = 1 AND key IN ('location', 'contact_phone')
                             ORDER BY key, entity_id) x;

INSERT INTO head (entity_id, key, op_id, value, version, base_version, saw, lineage, seq, rank, person_id, instance_id, implied)
SELECT s.root_id, 'contact_phone', s.op_id, x.value, s.version, 1, x.saw, 'desk-' || s.person_id, s.n, 1, s.person_id, 'uuid:' || s.id, false
FROM desk.visit s JOIN LATERAL (
    SELECT value, saw FROM head WHERE key = 'contact_phone' AND saw IS NOT NULL AND lineage LIKE 'demo-%'
    ORDER BY op_id OFFSET s.version % 2 LIMIT 1) x ON true
WHERE s.home % 60 = 0 AND s.version IN (2, 3);

INSERT INTO conflict (id, entity_id, key, properties, state, op_ids, rule, resolution, opened_at, closed_at)
SELECT desk.uid('conflict', h.n * 4 + j), h.id, 'contact_phone', '["contact_phone"]',
       CASE j WHEN 0 THEN 'open' WHEN 1 THEN 'settled_by_rule' ELSE 'resolved' END,
       jsonb_build_array(a.op_id, b.op_id), CASE j WHEN 1 THEN 'newest' END, NULL, b.received - j * interval '20 days',
       CASE WHEN j > 0 THEN b.received - j * interval '19 days' END
FROM desk.home h CROSS JOIN generate_series(0, 3) j JOIN desk.visit a ON a.home = h.n AND a.version = 2
JOIN desk.visit b ON b.home = h.n AND b.version = 3 WHERE h.n % 60 = 0;

INSERT INTO rule_finding (id, rule, version, severity, entity_id, household_id, properties, first_seen, last_seen, closed_at)
SELECT DISTINCT ON (h.n, f.rule) desk.uid('rule' || f.rule, h.n), f.rule, f.version, f.severity, h.id, h.id, f.properties,
       now() - interval '90 days', now() - interval '1 day', CASE WHEN h.n % 6 = 0 THEN now() - interval '8 days' END
FROM desk.home h JOIN desk.tpl_household t ON t.n = h.t JOIN rule_finding f ON f.household_id = t.id;

INSERT INTO assignment (id, person_id, form_id, entity_id, due, reason, made_by, made_at, state)
SELECT desk.uid('assignment', h.n), w.id, 'household_visit', h.id, current_date + desk.pick(51, h.n, 60) - 30,
       (SELECT reason FROM assignment LIMIT 1), desk.uid('supervisor', h.v / 15 * 2), now() - interval '40 days',
       CASE WHEN h.n % 3 = 0 THEN 'open' ELSE 'done' END
FROM desk.home h JOIN desk.worker w ON w.v = h.v AND w.k = 1 WHERE h.n % 10 < 2;

INSERT INTO finding (id, region_code, household_id, source, source_ref, about, kind, text, opened_by, opened_at, state, due_on, last)
SELECT desk.uid('finding', h.n), h.region, h.id, 'hand', desk.uid('finding', h.n), '{}', 'water', (SELECT text FROM finding LIMIT 1),
       desk.uid('supervisor', h.v / 15 * 2), now() - desk.dice(52, h.n) * interval '60 days', 'opened', current_date - desk.pick(53, h.n, 40) + 10, 0
FROM desk.home h WHERE h.n % 33 = 0;

INSERT INTO contact_attempt (op_id, entity_id, person_id, disposition, instance_id, received_at, independent)
SELECT s.op_id, s.root_id, s.person_id, 'not_home', 'uuid:' || s.id, s.received, false FROM desk.visit s WHERE s.n % 80 = 0;

INSERT INTO feedback (op_id, person_id, region_code, about, text, app_build, received_at)
SELECT s.op_id, s.person_id, s.village, 'app', @feedback@, 'build', s.received FROM desk.visit s WHERE s.n % 400 = 3;

INSERT INTO quarantine (id, op_id, code, region_code, person_id, install_id, received_at, state, content_hash, raw)
SELECT desk.uid('quarantine', s.n), s.op_id, 'region.unknown', s.village, s.person_id, 'desk-' || s.person_id, s.received,
       CASE WHEN s.n % 3 = 0 THEN 'open' ELSE 'applied' END, s.id, @payload@ FROM desk.visit s WHERE s.n % 400 = 9;

INSERT INTO op_log (op_id, install_id, seq, person_id, kind, raw, content_hash, received_at, attempts, status, waits_for, region_code)
SELECT desk.uid('held', s.n), 'desk-' || s.person_id, s.n, s.person_id, 'submission', (SELECT raw FROM op_log ORDER BY length(raw), op_id LIMIT 1),
       md5(s.op_id) || md5(s.id), s.received, 1, 'held', 'entity:' || desk.uid('absent', s.n), s.village
FROM desk.visit s WHERE s.n % 2000 = 11;

INSERT INTO datum_doubt (id, install_id, person_id, day, region_code, likely, n, east_m, north_m, apart_m, left_m, limits, rule, state,
                         found_at, seen_at)
SELECT DISTINCT ON (s.person_id, s.received::date) desk.uid('doubt', s.n), 'desk-' || s.person_id, s.person_id, s.received::date, s.village, 'gcj02', 12, 400,
       300, 510, 14, '{"datum_pairs": 5, "datum_shift_m": 150, "datum_left_percent": 40}', 'national-2026',
       CASE WHEN s.n % 4 = 1 THEN 'open' ELSE 'gone' END, s.received, s.received
FROM desk.visit s WHERE s.n % 1000 = 13;

INSERT INTO region_change (id, region_code, kind, day, reason, name_zh_before, name_en_before, name_zh_after, name_en_after, made_by, made_at, applied_at)
SELECT desk.uid('renamed', v), code, 'rename', current_date - v, '改名', '旧村' || v, 'Old ' || v, '量村' || v, 'Village ' || v,
       (SELECT id FROM person WHERE username = 'admin'), now() - v * interval '1 day', now() - v * interval '1 day'
FROM desk.village WHERE v % 6 = 0;

INSERT INTO audit_entry (at, person_id, action, subject, detail, number, region_code, hash)
SELECT s.received + interval '2 days', desk.uid('supervisor', s.n % 40), a.action, s.root_id, a.detail,
       -row_number() OVER (ORDER BY s.received DESC), s.region, md5(s.id) || md5(s.op_id)
FROM desk.visit s JOIN (SELECT row_number() OVER () - 1 AS n, action, detail FROM audit_entry WHERE action LIKE 'household.%') a
     ON a.n = s.n % 24 WHERE s.n % 4 > 0;

INSERT INTO feed (scope, space, ref, n, type, at)
SELECT 'region:' || left(e.region_code, 12), 'record', e.id, row_number() OVER (PARTITION BY left(e.region_code, 12)), 'entity', e.updated_at
FROM entity e JOIN desk.village v ON v.code = left(e.region_code, 12);

INSERT INTO feed_counter (scope, n, floor) SELECT scope, max(n), 0 FROM feed GROUP BY scope ON CONFLICT (scope) DO NOTHING;

DROP SCHEMA desk CASCADE;
