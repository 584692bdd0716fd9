-- An SQLite file of schema 0005, with tests/data/dossiers/harbour.yaml and ferry.yaml, as the
-- last version before schema 0006 wrote it. Do not change it: databases of users look like this.
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO alembic_version VALUES ('0005');
CREATE TABLE actor (
	id INTEGER NOT NULL,
	slug VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	"key" VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	parent_id INTEGER,
	note VARCHAR,
	CONSTRAINT pk_actor PRIMARY KEY (id),
	CONSTRAINT ck_actor_kind CHECK (kind IN ('person', 'company', 'government', 'media', 'organization')),
	CONSTRAINT ck_actor_slug CHECK (length(slug) BETWEEN 1 AND 100 AND slug = lower(slug)),
	CONSTRAINT ck_actor_not_its_own_parent CHECK (parent_id <> id),
	CONSTRAINT fk_actor_parent_id_actor FOREIGN KEY(parent_id) REFERENCES actor (id),
	CONSTRAINT uq_actor_slug UNIQUE (slug)
);
INSERT INTO actor VALUES (1, 'city', 'City of Łódź', 'city of lodz', 'government', NULL, NULL);
INSERT INTO actor VALUES (2, 'harbour-council', 'Harbour Council', 'harbour council', 'government', 1, NULL);
INSERT INTO actor VALUES (3, 'pilots', 'Pilots'' Office', 'pilots'' office', 'government', 2, NULL);
INSERT INTO actor VALUES (4, 'quay-builders', 'Quay Builders Ltd', 'quay builders ltd', 'company', NULL, 'Dissolved in 2021.');
INSERT INTO actor VALUES (5, 'obrien', 'Órla O’Brien', 'orla o''brien', 'person', NULL, NULL);
INSERT INTO actor VALUES (6, 'gazette', 'The Gazette', 'the gazette', 'media', NULL, NULL);
INSERT INTO actor VALUES (7, 'echo', 'הד הנמל', 'הד הנמל', 'media', NULL, NULL);
INSERT INTO actor VALUES (8, 'bystander', 'A bystander', 'a bystander', 'person', NULL, NULL);
INSERT INTO actor VALUES (9, 'ferry-line', 'Ferry Line', 'ferry line', 'organization', NULL, NULL);
CREATE INDEX ix_actor_key ON actor ("key");
CREATE INDEX ix_actor_parent_id ON actor (parent_id);
CREATE TABLE revision (
	id INTEGER NOT NULL,
	number INTEGER NOT NULL,
	CONSTRAINT pk_revision PRIMARY KEY (id),
	CONSTRAINT ck_revision_one_row CHECK (id = 1)
);
INSERT INTO revision VALUES (1, 1);
CREATE TABLE timeline (
	id INTEGER NOT NULL,
	slug VARCHAR NOT NULL,
	title VARCHAR NOT NULL,
	description VARCHAR,
	language VARCHAR,
	CONSTRAINT pk_timeline PRIMARY KEY (id),
	CONSTRAINT ck_timeline_slug CHECK (length(slug) BETWEEN 1 AND 100 AND slug = lower(slug)),
	CONSTRAINT uq_timeline_slug UNIQUE (slug)
);
INSERT INTO timeline VALUES (1, 'harbour', 'The harbour contract', 'Who built the new quay, and who says so.', 'en');
INSERT INTO timeline VALUES (2, 'ferry', 'The ferry', NULL, NULL);
CREATE TABLE actor_alias (
	actor_id INTEGER NOT NULL,
	name VARCHAR NOT NULL,
	"key" VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	CONSTRAINT pk_actor_alias PRIMARY KEY (actor_id, name),
	CONSTRAINT ck_actor_alias_kind CHECK (kind IN ('alias', 'misspelling')),
	CONSTRAINT fk_actor_alias_actor_id_actor FOREIGN KEY(actor_id) REFERENCES actor (id) ON DELETE CASCADE
);
INSERT INTO actor_alias VALUES (1, 'Council', 'council', 'alias');
INSERT INTO actor_alias VALUES (1, 'The City', 'the city', 'alias');
INSERT INTO actor_alias VALUES (2, 'Council', 'council', 'alias');
INSERT INTO actor_alias VALUES (4, 'Key Builders', 'key builders', 'misspelling');
INSERT INTO actor_alias VALUES (4, 'QBL', 'qbl', 'alias');
INSERT INTO actor_alias VALUES (9, 'QBL', 'qbl', 'alias');
CREATE INDEX ix_actor_alias_key ON actor_alias ("key");
CREATE TABLE source (
	id INTEGER NOT NULL,
	slug VARCHAR NOT NULL,
	title VARCHAR NOT NULL,
	publisher_id INTEGER NOT NULL,
	author VARCHAR,
	published DATE,
	url VARCHAR,
	archived_url VARCHAR,
	language VARCHAR,
	sha256 VARCHAR,
	note VARCHAR,
	CONSTRAINT pk_source PRIMARY KEY (id),
	CONSTRAINT ck_source_archived_url CHECK (archived_url LIKE 'http://%' OR archived_url LIKE 'https://%'),
	CONSTRAINT ck_source_url CHECK (url LIKE 'http://%' OR url LIKE 'https://%'),
	CONSTRAINT ck_source_slug CHECK (length(slug) BETWEEN 1 AND 100 AND slug = lower(slug)),
	CONSTRAINT ck_source_sha256 CHECK (sha256 IS NULL OR length(sha256) = 64),
	CONSTRAINT fk_source_publisher_id_actor FOREIGN KEY(publisher_id) REFERENCES actor (id),
	CONSTRAINT uq_source_slug UNIQUE (slug)
);
INSERT INTO source VALUES (1, 'gazette-2020-05-01', 'Quay to open in spring', 6, 'O. Brien', '2020-05-01', 'https://gazette.example/quay', 'https://archive.example/gazette/quay', 'en', NULL, NULL);
INSERT INTO source VALUES (2, 'council-minutes', 'Minutes of the harbour council', 2, NULL, NULL, NULL, NULL, NULL, NULL, 'Undated copy.');
INSERT INTO source VALUES (3, 'harbour-echo', 'הד הנמל', 7, NULL, '2020-06-02', NULL, NULL, 'he', NULL, NULL);
CREATE INDEX ix_source_publisher_id ON source (publisher_id);
CREATE TABLE event (
	id INTEGER NOT NULL,
	slug VARCHAR NOT NULL,
	title VARCHAR NOT NULL,
	summary VARCHAR,
	kind VARCHAR NOT NULL,
	status VARCHAR NOT NULL,
	edtf VARCHAR NOT NULL,
	form VARCHAR NOT NULL,
	precision VARCHAR NOT NULL,
	earliest DATE NOT NULL,
	latest DATE NOT NULL,
	open_start BOOLEAN NOT NULL,
	open_end BOOLEAN NOT NULL,
	sort_day DATE NOT NULL,
	date_key BIGINT NOT NULL,
	span INTEGER NOT NULL,
	approximate BOOLEAN NOT NULL,
	uncertain BOOLEAN NOT NULL,
	display VARCHAR NOT NULL,
	date_text VARCHAR,
	date_note VARCHAR,
	place VARCHAR,
	amount_text VARCHAR,
	amount_min NUMERIC,
	amount_max NUMERIC,
	amount_unit VARCHAR,
	sources INTEGER NOT NULL,
	created_at VARCHAR(20) NOT NULL,
	updated_at VARCHAR(20) NOT NULL, sequence INTEGER DEFAULT 0 NOT NULL CONSTRAINT ck_event_sequence CHECK (sequence >= 0),
	CONSTRAINT pk_event PRIMARY KEY (id),
	CONSTRAINT ck_event_form CHECK (form IN ('date', 'interval', 'set')),
	CONSTRAINT ck_event_precision CHECK (precision IN ('day', 'month', 'year', 'range')),
	CONSTRAINT ck_event_status CHECK (status IN ('confirmed', 'reported', 'alleged', 'disputed')),
	CONSTRAINT ck_event_amount CHECK (amount_min <= amount_max),
	CONSTRAINT ck_event_sources CHECK (sources > 0),
	CONSTRAINT ck_event_timestamps CHECK (created_at <= updated_at),
	CONSTRAINT ck_event_bounds CHECK (earliest <= latest),
	CONSTRAINT ck_event_edtf_length CHECK (length(edtf) BETWEEN 1 AND 32),
	CONSTRAINT ck_event_kind_length CHECK (length(kind) BETWEEN 1 AND 100),
	CONSTRAINT ck_event_slug CHECK (length(slug) BETWEEN 1 AND 100 AND slug = lower(slug)),
	CONSTRAINT ck_event_title_length CHECK (length(title) BETWEEN 1 AND 120),
	CONSTRAINT ck_event_sort_day CHECK (sort_day BETWEEN earliest AND latest),
	CONSTRAINT uq_event_slug UNIQUE (slug)
);
INSERT INTO event VALUES (1, 'contract-signed', 'The city signs the contract', 'A contract for the new quay.', 'agreement', 'confirmed', '2020-03-14', 'date', 'day', '2020-03-14', '2020-03-14', 0, 0, '2020-03-14', 6186585817088, 0, 0, 0, '14 March 2020', 'on Saturday', NULL, 'Łódź', 'about two and a half million', 2500000, NULL, 'PLN', 2, '2022-07-19T12:30:00Z', '2022-07-19T12:30:00Z', 0);
INSERT INTO event VALUES (2, 'bribe', 'A bribe is said to be paid', NULL, 'payment', 'disputed', '2020-03~', 'date', 'month', '2020-03-01', '2020-03-31', 0, 0, '2020-03-01', 6186476765214, 75, 1, 0, 'about March 2020', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 2, '2022-07-19T12:30:00Z', '2022-07-19T12:30:00Z', 0);
INSERT INTO event VALUES (3, 'works', 'The quay is built', NULL, 'works', 'reported', '2020-04/2021-02', 'interval', 'range', '2020-04-01', '2021-02-28', 0, 0, '2020-04-01', 6186736812365, 18, 0, 0, 'April 2020 – February 2021', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, '2022-07-19T12:30:00Z', '2022-07-19T12:30:00Z', 0);
INSERT INTO event VALUES (4, 'inspection', 'The pilots inspect the quay', NULL, 'works', 'reported', '[2020-11-02..2020-11-20]', 'set', 'range', '2020-11-02', '2020-11-20', 0, 0, '2020-11-02', 6188540362770, 10, 0, 0, 'between 2 November 2020 and 20 November 2020', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, '2022-07-19T12:30:00Z', '2022-07-19T12:30:00Z', 0);
INSERT INTO event VALUES (5, 'rumours', 'Rumours go about', NULL, 'statement', 'alleged', '/2020-02', 'interval', 'range', '0001-01-01', '2020-02-29', 1, 0, '2020-02-01', 6186229301276, 46, 0, 0, 'until February 2020 (start unknown)', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, '2022-07-19T12:30:00Z', '2022-07-19T12:30:00Z', 0);
INSERT INTO event VALUES (6, 'quay-in-use', 'The quay is in use', NULL, 'works', 'confirmed', '2021-03-01/..', 'interval', 'range', '2021-03-01', '9999-12-31', 0, 1, '2021-03-01', 6189541521313, 44, 0, 0, 'since 1 March 2021', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, '2022-07-19T12:30:00Z', '2022-07-19T12:30:00Z', 0);
INSERT INTO event VALUES (7, 'first-crossing', 'The first crossing', NULL, 'voyage', 'reported', '2021-03?', 'date', 'month', '2021-03-01', '2021-03-31', 0, 0, '2021-03-01', 6189538607134, 75, 0, 1, 'March 2021 (uncertain)', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, '2022-07-19T12:30:00Z', '2022-07-19T12:30:00Z', 0);
CREATE TABLE participation (
	event_id INTEGER NOT NULL,
	actor_id INTEGER NOT NULL,
	role VARCHAR NOT NULL,
	position INTEGER NOT NULL,
	capacity VARCHAR,
	first BOOLEAN NOT NULL,
	date_key BIGINT NOT NULL,
	CONSTRAINT pk_participation PRIMARY KEY (event_id, actor_id, role),
	CONSTRAINT ck_participation_role CHECK (role IN ('agent', 'target', 'speaker', 'addressee', 'participant', 'beneficiary', 'reporter', 'subject')),
	CONSTRAINT fk_participation_event_id_event FOREIGN KEY(event_id) REFERENCES event (id) ON DELETE CASCADE,
	CONSTRAINT fk_participation_actor_id_actor FOREIGN KEY(actor_id) REFERENCES actor (id)
)
 WITHOUT ROWID;
INSERT INTO participation VALUES (1, 1, 'participant', 0, NULL, 1, 6186585817088);
INSERT INTO participation VALUES (1, 4, 'participant', 1, 'contractor', 1, 6186585817088);
INSERT INTO participation VALUES (2, 4, 'agent', 0, NULL, 1, 6186476765214);
INSERT INTO participation VALUES (2, 5, 'beneficiary', 1, NULL, 1, 6186476765214);
INSERT INTO participation VALUES (3, 4, 'agent', 0, NULL, 1, 6186736812365);
INSERT INTO participation VALUES (4, 3, 'agent', 0, NULL, 1, 6188540362770);
INSERT INTO participation VALUES (4, 3, 'reporter', 1, NULL, 0, 6188540362770);
INSERT INTO participation VALUES (4, 4, 'target', 2, NULL, 1, 6188540362770);
INSERT INTO participation VALUES (5, 5, 'subject', 0, NULL, 1, 6186229301276);
INSERT INTO participation VALUES (7, 9, 'agent', 0, NULL, 1, 6189538607134);
CREATE TABLE citation (
	event_id INTEGER NOT NULL,
	position INTEGER NOT NULL,
	source_id INTEGER NOT NULL,
	quote VARCHAR NOT NULL,
	locator VARCHAR,
	supports VARCHAR NOT NULL,
	stance VARCHAR NOT NULL,
	attributed_to VARCHAR,
	first BOOLEAN NOT NULL,
	date_key BIGINT NOT NULL,
	CONSTRAINT pk_citation PRIMARY KEY (event_id, position),
	CONSTRAINT ck_citation_stance CHECK (stance IN ('asserts', 'denies')),
	CONSTRAINT ck_citation_supports CHECK (supports IN ('event', 'date', 'actors', 'amount')),
	CONSTRAINT ck_citation_quote_length CHECK (length(quote) BETWEEN 1 AND 600),
	CONSTRAINT fk_citation_event_id_event FOREIGN KEY(event_id) REFERENCES event (id) ON DELETE CASCADE,
	CONSTRAINT fk_citation_source_id_source FOREIGN KEY(source_id) REFERENCES source (id)
)
 WITHOUT ROWID;
INSERT INTO citation VALUES (1, 0, 1, 'The City signed on Saturday', 'p. 1', 'event', 'asserts', 'the mayor', 1, 6186585817088);
INSERT INTO citation VALUES (1, 1, 2, 'Signed, 14 March.', NULL, 'date', 'asserts', NULL, 1, 6186585817088);
INSERT INTO citation VALUES (2, 0, 1, '“They paid O’Brien,” a clerk said.', NULL, 'event', 'asserts', 'a clerk', 1, 6186476765214);
INSERT INTO citation VALUES (2, 1, 3, 'אוֹבְּרַיֶין מַכְחִישָׁה', NULL, 'event', 'denies', 'Órla O’Brien', 1, 6186476765214);
INSERT INTO citation VALUES (3, 0, 2, 'Works go on.', NULL, 'event', 'asserts', NULL, 1, 6186736812365);
INSERT INTO citation VALUES (4, 0, 2, 'The pilots came twice.', NULL, 'event', 'asserts', NULL, 1, 6188540362770);
INSERT INTO citation VALUES (5, 0, 3, 'שְׁמוּעוֹת', 'עמ׳ 2', 'event', 'asserts', NULL, 1, 6186229301276);
INSERT INTO citation VALUES (6, 0, 2, 'In use since the first of March.', NULL, 'event', 'asserts', NULL, 1, 6189541521313);
INSERT INTO citation VALUES (7, 0, 2, 'The ferry sailed, without O''Brien.', NULL, 'event', 'asserts', NULL, 1, 6189538607134);
CREATE TABLE event_topic (
	event_id INTEGER NOT NULL,
	topic VARCHAR NOT NULL,
	date_key BIGINT NOT NULL,
	CONSTRAINT pk_event_topic PRIMARY KEY (event_id, topic),
	CONSTRAINT ck_event_topic_topic_length CHECK (length(topic) BETWEEN 1 AND 100),
	CONSTRAINT fk_event_topic_event_id_event FOREIGN KEY(event_id) REFERENCES event (id) ON DELETE CASCADE
)
 WITHOUT ROWID;
INSERT INTO event_topic VALUES (2, 'money', 6186476765214);
INSERT INTO event_topic VALUES (1, 'money', 6186585817088);
INSERT INTO event_topic VALUES (1, 'quay', 6186585817088);
INSERT INTO event_topic VALUES (3, 'quay', 6186736812365);
INSERT INTO event_topic VALUES (7, 'quay', 6189538607134);
CREATE TABLE event_timeline (
	event_id INTEGER NOT NULL,
	timeline_id INTEGER NOT NULL,
	date_key BIGINT NOT NULL,
	CONSTRAINT pk_event_timeline PRIMARY KEY (event_id, timeline_id),
	CONSTRAINT fk_event_timeline_event_id_event FOREIGN KEY(event_id) REFERENCES event (id) ON DELETE CASCADE,
	CONSTRAINT fk_event_timeline_timeline_id_timeline FOREIGN KEY(timeline_id) REFERENCES timeline (id) ON DELETE CASCADE
)
 WITHOUT ROWID;
INSERT INTO event_timeline VALUES (5, 1, 6186229301276);
INSERT INTO event_timeline VALUES (2, 1, 6186476765214);
INSERT INTO event_timeline VALUES (1, 1, 6186585817088);
INSERT INTO event_timeline VALUES (3, 1, 6186736812365);
INSERT INTO event_timeline VALUES (4, 1, 6188540362770);
INSERT INTO event_timeline VALUES (6, 1, 6189541521313);
INSERT INTO event_timeline VALUES (7, 2, 6189538607134);
INSERT INTO event_timeline VALUES (6, 2, 6189541521313);
ANALYZE;
CREATE TABLE event_record (
	event_id INTEGER NOT NULL,
	content VARCHAR NOT NULL,
	CONSTRAINT pk_event_record PRIMARY KEY (event_id),
	CONSTRAINT fk_event_record_event_id_event FOREIGN KEY(event_id) REFERENCES event (id) ON DELETE CASCADE
);
INSERT INTO event_record VALUES (1, '{"id":"contract-signed","title":"The city signs the contract","summary":"A contract for the new quay.","kind":"agreement","status":"confirmed","date":{"edtf":"2020-03-14","form":"date","precision":"day","earliest":"2020-03-14","latest":"2020-03-14","approximate":false,"uncertain":false,"display":"14 March 2020","source_text":"on Saturday"},"place":"Łódź","amount":{"text":"about two and a half million","min":2500000,"unit":"PLN"},"participants":[{"actor":{"id":"city","name":"City of Łódź","kind":"government"},"role":"participant"},{"actor":{"id":"quay-builders","name":"Quay Builders Ltd","kind":"company"},"role":"participant","capacity":"contractor"}],"citations":[{"source":{"id":"gazette-2020-05-01","title":"Quay to open in spring","publisher":{"id":"gazette","name":"The Gazette","kind":"media"},"published":"2020-05-01","url":"https://gazette.example/quay"},"quote":"The City signed on Saturday","locator":"p. 1","supports":"event","stance":"asserts","attributed_to":"the mayor"},{"source":{"id":"council-minutes","title":"Minutes of the harbour council","publisher":{"id":"harbour-council","name":"Harbour Council","kind":"government"}},"quote":"Signed, 14 March.","supports":"date","stance":"asserts"}],"topics":["money","quay"],"topic_labels":[{"id":"money","label":"money"},{"id":"quay","label":"quay"}],"timelines":["harbour"],"sequence":0,"created_at":"2022-07-19T12:30:00Z","updated_at":"2022-07-19T12:30:00Z"}');
INSERT INTO event_record VALUES (2, '{"id":"bribe","title":"A bribe is said to be paid","kind":"payment","status":"disputed","date":{"edtf":"2020-03~","form":"date","precision":"month","earliest":"2020-03-01","latest":"2020-03-31","approximate":true,"uncertain":false,"display":"about March 2020"},"participants":[{"actor":{"id":"quay-builders","name":"Quay Builders Ltd","kind":"company"},"role":"agent"},{"actor":{"id":"obrien","name":"Órla O’Brien","kind":"person"},"role":"beneficiary"}],"citations":[{"source":{"id":"gazette-2020-05-01","title":"Quay to open in spring","publisher":{"id":"gazette","name":"The Gazette","kind":"media"},"published":"2020-05-01","url":"https://gazette.example/quay"},"quote":"“They paid O’Brien,” a clerk said.","supports":"event","stance":"asserts","attributed_to":"a clerk"},{"source":{"id":"harbour-echo","title":"הד הנמל","publisher":{"id":"echo","name":"הד הנמל","kind":"media"},"published":"2020-06-02"},"quote":"אוֹבְּרַיֶין מַכְחִישָׁה","supports":"event","stance":"denies","attributed_to":"Órla O’Brien"}],"topics":["money"],"topic_labels":[{"id":"money","label":"money"}],"timelines":["harbour"],"sequence":0,"created_at":"2022-07-19T12:30:00Z","updated_at":"2022-07-19T12:30:00Z"}');
INSERT INTO event_record VALUES (3, '{"id":"works","title":"The quay is built","kind":"works","status":"reported","date":{"edtf":"2020-04/2021-02","form":"interval","precision":"range","earliest":"2020-04-01","latest":"2021-02-28","approximate":false,"uncertain":false,"display":"April 2020 – February 2021"},"participants":[{"actor":{"id":"quay-builders","name":"Quay Builders Ltd","kind":"company"},"role":"agent"}],"citations":[{"source":{"id":"council-minutes","title":"Minutes of the harbour council","publisher":{"id":"harbour-council","name":"Harbour Council","kind":"government"}},"quote":"Works go on.","supports":"event","stance":"asserts"}],"topics":["quay"],"topic_labels":[{"id":"quay","label":"quay"}],"timelines":["harbour"],"sequence":0,"created_at":"2022-07-19T12:30:00Z","updated_at":"2022-07-19T12:30:00Z"}');
INSERT INTO event_record VALUES (4, '{"id":"inspection","title":"The pilots inspect the quay","kind":"works","status":"reported","date":{"edtf":"[2020-11-02..2020-11-20]","form":"set","precision":"range","earliest":"2020-11-02","latest":"2020-11-20","approximate":false,"uncertain":false,"display":"between 2 November 2020 and 20 November 2020"},"participants":[{"actor":{"id":"pilots","name":"Pilots'' Office","kind":"government"},"role":"agent"},{"actor":{"id":"pilots","name":"Pilots'' Office","kind":"government"},"role":"reporter"},{"actor":{"id":"quay-builders","name":"Quay Builders Ltd","kind":"company"},"role":"target"}],"citations":[{"source":{"id":"council-minutes","title":"Minutes of the harbour council","publisher":{"id":"harbour-council","name":"Harbour Council","kind":"government"}},"quote":"The pilots came twice.","supports":"event","stance":"asserts"}],"topics":[],"topic_labels":[],"timelines":["harbour"],"sequence":0,"created_at":"2022-07-19T12:30:00Z","updated_at":"2022-07-19T12:30:00Z"}');
INSERT INTO event_record VALUES (5, '{"id":"rumours","title":"Rumours go about","kind":"statement","status":"alleged","date":{"edtf":"/2020-02","form":"interval","precision":"range","latest":"2020-02-29","approximate":false,"uncertain":false,"display":"until February 2020 (start unknown)"},"participants":[{"actor":{"id":"obrien","name":"Órla O’Brien","kind":"person"},"role":"subject"}],"citations":[{"source":{"id":"harbour-echo","title":"הד הנמל","publisher":{"id":"echo","name":"הד הנמל","kind":"media"},"published":"2020-06-02"},"quote":"שְׁמוּעוֹת","locator":"עמ׳ 2","supports":"event","stance":"asserts"}],"topics":[],"topic_labels":[],"timelines":["harbour"],"sequence":0,"created_at":"2022-07-19T12:30:00Z","updated_at":"2022-07-19T12:30:00Z"}');
INSERT INTO event_record VALUES (6, '{"id":"quay-in-use","title":"The quay is in use","kind":"works","status":"confirmed","date":{"edtf":"2021-03-01/..","form":"interval","precision":"range","earliest":"2021-03-01","approximate":false,"uncertain":false,"display":"since 1 March 2021"},"participants":[],"citations":[{"source":{"id":"council-minutes","title":"Minutes of the harbour council","publisher":{"id":"harbour-council","name":"Harbour Council","kind":"government"}},"quote":"In use since the first of March.","supports":"event","stance":"asserts"}],"topics":[],"topic_labels":[],"timelines":["ferry","harbour"],"sequence":0,"created_at":"2022-07-19T12:30:00Z","updated_at":"2022-07-19T12:30:00Z"}');
INSERT INTO event_record VALUES (7, '{"id":"first-crossing","title":"The first crossing","kind":"voyage","status":"reported","date":{"edtf":"2021-03?","form":"date","precision":"month","earliest":"2021-03-01","latest":"2021-03-31","approximate":false,"uncertain":true,"display":"March 2021 (uncertain)"},"participants":[{"actor":{"id":"ferry-line","name":"Ferry Line","kind":"organization"},"role":"agent"}],"citations":[{"source":{"id":"council-minutes","title":"Minutes of the harbour council","publisher":{"id":"harbour-council","name":"Harbour Council","kind":"government"}},"quote":"The ferry sailed, without O''Brien.","supports":"event","stance":"asserts"}],"topics":["quay"],"topic_labels":[{"id":"quay","label":"quay"}],"timelines":["ferry"],"sequence":0,"created_at":"2022-07-19T12:30:00Z","updated_at":"2022-07-19T12:30:00Z"}');
CREATE TABLE topic (
	slug VARCHAR NOT NULL,
	label VARCHAR NOT NULL,
	"key" VARCHAR NOT NULL,
	CONSTRAINT pk_topic PRIMARY KEY (slug),
	CONSTRAINT ck_topic_label_length CHECK (length(label) BETWEEN 1 AND 120),
	CONSTRAINT ck_topic_slug CHECK (length(slug) BETWEEN 1 AND 100 AND slug = lower(slug))
)
 WITHOUT ROWID;
CREATE INDEX ix_topic_key ON topic ("key");
CREATE VIRTUAL TABLE event_search USING fts5(content, tokenize='ascii', prefix='2');
INSERT INTO event_search (rowid, content) VALUES (1, 'the city signs the contract  a contract for the new quay  lodz  agreement  money  quay  the city signed on saturday  signed 14 march  city of lodz  council  the city  quay builders ltd  key builders  qbl');
INSERT INTO event_search (rowid, content) VALUES (2, 'a bribe is said to be paid  payment  money  they paid o brien a clerk said  אובריין מכחישה  quay builders ltd  key builders  qbl  orla o brien');
INSERT INTO event_search (rowid, content) VALUES (3, 'the quay is built  works  quay  works go on  quay builders ltd  key builders  qbl');
INSERT INTO event_search (rowid, content) VALUES (4, 'the pilots inspect the quay  works  the pilots came twice  pilots office  quay builders ltd  key builders  qbl');
INSERT INTO event_search (rowid, content) VALUES (5, 'rumours go about  statement  שמועות  orla o brien');
INSERT INTO event_search (rowid, content) VALUES (6, 'the quay is in use  works  in use since the first of march');
INSERT INTO event_search (rowid, content) VALUES (7, 'the first crossing  voyage  quay  the ferry sailed without o brien  ferry line  qbl');
CREATE INDEX ix_event_by_span ON event (span, date_key, slug, kind, status, sources, approximate, uncertain);
CREATE INDEX ix_event_in_order ON event (date_key, slug, kind, status, sources, approximate, uncertain);
CREATE INDEX ix_event_kind ON event (kind);
CREATE INDEX ix_event_updated_at_slug ON event (updated_at, slug);
CREATE INDEX ix_participation_actor_id_first_date_key ON participation (actor_id, first, date_key);
CREATE INDEX ix_citation_source_id_first_date_key ON citation (source_id, first, date_key);
CREATE INDEX ix_event_topic_topic_date_key ON event_topic (topic, date_key);
CREATE INDEX ix_event_timeline_timeline_id_date_key ON event_timeline (timeline_id, date_key);
DELETE FROM sqlite_stat1;
INSERT INTO sqlite_stat1 VALUES ('event_search_docsize', NULL, '7');
INSERT INTO sqlite_stat1 VALUES ('event_search_content', NULL, '7');
INSERT INTO sqlite_stat1 VALUES ('event_search_config', 'event_search_config', '1 1');
INSERT INTO sqlite_stat1 VALUES ('event_search_data', NULL, '3');
INSERT INTO sqlite_stat1 VALUES ('event_search_idx', 'event_search_idx', '1 1 1');
INSERT INTO sqlite_stat1 VALUES ('event_record', NULL, '7');
INSERT INTO sqlite_stat1 VALUES ('event_timeline', 'ix_event_timeline_timeline_id_date_key', '8 4 1');
INSERT INTO sqlite_stat1 VALUES ('event_timeline', 'event_timeline', '8 2 1');
INSERT INTO sqlite_stat1 VALUES ('event_topic', 'ix_event_topic_topic_date_key', '5 3 1');
INSERT INTO sqlite_stat1 VALUES ('event_topic', 'event_topic', '5 2 1');
INSERT INTO sqlite_stat1 VALUES ('actor', 'ix_actor_parent_id', '9 3');
INSERT INTO sqlite_stat1 VALUES ('actor', 'ix_actor_key', '9 1');
INSERT INTO sqlite_stat1 VALUES ('actor', 'sqlite_autoindex_actor_1', '9 1');
INSERT INTO sqlite_stat1 VALUES ('source', 'ix_source_publisher_id', '3 1');
INSERT INTO sqlite_stat1 VALUES ('source', 'sqlite_autoindex_source_1', '3 1');
INSERT INTO sqlite_stat1 VALUES ('alembic_version', 'sqlite_autoindex_alembic_version_1', '1 1');
INSERT INTO sqlite_stat1 VALUES ('actor_alias', 'ix_actor_alias_key', '6 2');
INSERT INTO sqlite_stat1 VALUES ('actor_alias', 'sqlite_autoindex_actor_alias_1', '6 2 1');
INSERT INTO sqlite_stat1 VALUES ('event', 'ix_event_updated_at_slug', '7 7 1');
INSERT INTO sqlite_stat1 VALUES ('event', 'ix_event_kind', '7 2');
INSERT INTO sqlite_stat1 VALUES ('event', 'ix_event_in_order', '7 1 1 1 1 1 1 1');
INSERT INTO sqlite_stat1 VALUES ('event', 'ix_event_by_span', '7 2 1 1 1 1 1 1 1');
INSERT INTO sqlite_stat1 VALUES ('event', 'sqlite_autoindex_event_1', '7 1');
INSERT INTO sqlite_stat1 VALUES ('citation', 'ix_citation_source_id_first_date_key', '9 3 3 1');
INSERT INTO sqlite_stat1 VALUES ('citation', 'citation', '9 2 1');
INSERT INTO sqlite_stat1 VALUES ('revision', NULL, '1');
INSERT INTO sqlite_stat1 VALUES ('timeline', 'sqlite_autoindex_timeline_1', '2 1');
INSERT INTO sqlite_stat1 VALUES ('participation', 'ix_participation_actor_id_first_date_key', '10 2 2 1');
INSERT INTO sqlite_stat1 VALUES ('participation', 'participation', '10 2 2 1');
