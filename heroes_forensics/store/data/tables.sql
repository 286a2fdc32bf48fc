CREATE TABLE case_fact (
	name TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (name)
);

CREATE TABLE exhibit (
	id INTEGER NOT NULL,
	label TEXT NOT NULL,
	fields TEXT NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (label)
);

CREATE TABLE hashset (
	id INTEGER NOT NULL,
	uuid TEXT NOT NULL,
	edition TEXT NOT NULL,
	facts TEXT NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (uuid, edition)
);

CREATE TABLE ledger (
	seq INTEGER NOT NULL,
	line BLOB NOT NULL,
	PRIMARY KEY (seq)
);

CREATE TABLE report (
	number INTEGER NOT NULL,
	uuid TEXT NOT NULL,
	facts TEXT NOT NULL,
	PRIMARY KEY (number)
);

CREATE TABLE run (
	id INTEGER NOT NULL,
	uuid TEXT NOT NULL,
	started TEXT NOT NULL,
	ended TEXT,
	outcome TEXT,
	config TEXT NOT NULL,
	facts TEXT NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (uuid)
);

CREATE TABLE run_hashset (
	run_id INTEGER NOT NULL,
	hashset_id INTEGER NOT NULL,
	PRIMARY KEY (run_id, hashset_id),
	FOREIGN KEY(run_id) REFERENCES run (id),
	FOREIGN KEY(hashset_id) REFERENCES hashset (id)
);

CREATE TABLE source (
	id INTEGER NOT NULL,
	exhibit_id INTEGER NOT NULL,
	label TEXT NOT NULL,
	path TEXT NOT NULL,
	identity TEXT NOT NULL,
	format TEXT NOT NULL,
	facts TEXT NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(exhibit_id) REFERENCES exhibit (id),
	UNIQUE (label)
);

CREATE TABLE run_source (
	run_id INTEGER NOT NULL,
	source_id INTEGER NOT NULL,
	PRIMARY KEY (run_id, source_id),
	FOREIGN KEY(run_id) REFERENCES run (id),
	FOREIGN KEY(source_id) REFERENCES source (id)
);

CREATE TABLE verification (
	id INTEGER NOT NULL,
	run_id INTEGER NOT NULL,
	source_id INTEGER NOT NULL,
	status TEXT NOT NULL,
	facts TEXT NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(run_id) REFERENCES run (id),
	FOREIGN KEY(source_id) REFERENCES source (id)
);

CREATE TABLE volume (
	id INTEGER NOT NULL,
	source_id INTEGER NOT NULL,
	"key" TEXT NOT NULL,
	kind TEXT NOT NULL,
	file_system TEXT,
	"offset" INTEGER,
	size INTEGER,
	spec TEXT NOT NULL,
	time_basis TEXT,
	state TEXT NOT NULL,
	listing TEXT,
	PRIMARY KEY (id),
	UNIQUE (source_id, "key"),
	FOREIGN KEY(source_id) REFERENCES source (id)
);

CREATE TABLE gap (
	id INTEGER NOT NULL,
	run_id INTEGER NOT NULL,
	source_id INTEGER,
	volume_id INTEGER,
	place TEXT NOT NULL,
	code TEXT NOT NULL,
	detail TEXT NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(run_id) REFERENCES run (id),
	FOREIGN KEY(source_id) REFERENCES source (id),
	FOREIGN KEY(volume_id) REFERENCES volume (id)
);

CREATE TABLE unit (
	id INTEGER NOT NULL,
	run_id INTEGER NOT NULL,
	kind TEXT NOT NULL,
	volume_id INTEGER,
	items INTEGER NOT NULL,
	gaps INTEGER NOT NULL,
	rows_sha256 BLOB NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(run_id) REFERENCES run (id),
	FOREIGN KEY(volume_id) REFERENCES volume (id)
);

CREATE TABLE item (
	id INTEGER NOT NULL,
	volume_id INTEGER NOT NULL,
	unit_id INTEGER NOT NULL,
	kind INTEGER NOT NULL,
	flags INTEGER NOT NULL,
	place INTEGER NOT NULL,
	owner INTEGER NOT NULL,
	size INTEGER NOT NULL,
	first_offset INTEGER NOT NULL,
	times BLOB NOT NULL,
	locator TEXT NOT NULL,
	handle BLOB NOT NULL,
	path BLOB NOT NULL,
	parent INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY(volume_id) REFERENCES volume (id),
	FOREIGN KEY(unit_id) REFERENCES unit (id),
	FOREIGN KEY(parent) REFERENCES item (id)
);

CREATE TABLE container (
	item_id INTEGER NOT NULL,
	unit_id INTEGER NOT NULL,
	status INTEGER NOT NULL,
	gap INTEGER NOT NULL,
	kind TEXT NOT NULL,
	depth INTEGER NOT NULL,
	listed INTEGER NOT NULL,
	directories INTEGER NOT NULL,
	expanded INTEGER NOT NULL,
	time_basis TEXT NOT NULL,
	PRIMARY KEY (item_id),
	FOREIGN KEY(item_id) REFERENCES item (id),
	FOREIGN KEY(unit_id) REFERENCES unit (id)
);

CREATE TABLE content (
	item_id INTEGER NOT NULL,
	unit_id INTEGER NOT NULL,
	status INTEGER NOT NULL,
	gap INTEGER NOT NULL,
	type INTEGER NOT NULL,
	bytes_read INTEGER NOT NULL,
	md5 BLOB,
	sha1 BLOB,
	sha256 BLOB,
	PRIMARY KEY (item_id),
	FOREIGN KEY(item_id) REFERENCES item (id),
	FOREIGN KEY(unit_id) REFERENCES unit (id)
);

CREATE TABLE "match" (
	id INTEGER NOT NULL,
	item_id INTEGER NOT NULL,
	hashset_id INTEGER NOT NULL,
	unit_id INTEGER NOT NULL,
	record INTEGER NOT NULL,
	grade TEXT NOT NULL,
	verdict TEXT NOT NULL,
	facts TEXT NOT NULL,
	finding INTEGER,
	status TEXT NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (item_id, hashset_id, record),
	FOREIGN KEY(item_id) REFERENCES item (id),
	FOREIGN KEY(hashset_id) REFERENCES hashset (id),
	FOREIGN KEY(unit_id) REFERENCES unit (id),
	UNIQUE (finding)
);

CREATE TABLE media_metadata (
	item_id INTEGER NOT NULL,
	unit_id INTEGER NOT NULL,
	state INTEGER NOT NULL,
	position INTEGER NOT NULL,
	device BLOB,
	model BLOB,
	value BLOB,
	PRIMARY KEY (item_id),
	FOREIGN KEY(item_id) REFERENCES item (id),
	FOREIGN KEY(unit_id) REFERENCES unit (id)
);

CREATE TABLE perceptual (
	item_id INTEGER NOT NULL,
	unit_id INTEGER NOT NULL,
	status INTEGER NOT NULL,
	gap INTEGER NOT NULL,
	width INTEGER NOT NULL,
	height INTEGER NOT NULL,
	frames INTEGER NOT NULL,
	milliseconds INTEGER NOT NULL,
	hashed INTEGER NOT NULL,
	algorithm TEXT NOT NULL,
	quality INTEGER,
	value BLOB,
	compared INTEGER,
	PRIMARY KEY (item_id),
	FOREIGN KEY(item_id) REFERENCES item (id),
	FOREIGN KEY(unit_id) REFERENCES unit (id)
);

CREATE TABLE supplied (
	item_id INTEGER NOT NULL,
	unit_id INTEGER NOT NULL,
	plugin TEXT NOT NULL,
	made INTEGER NOT NULL,
	too_little INTEGER NOT NULL,
	failed INTEGER NOT NULL,
	uncompared INTEGER NOT NULL,
	value BLOB,
	PRIMARY KEY (item_id),
	FOREIGN KEY(item_id) REFERENCES item (id),
	FOREIGN KEY(unit_id) REFERENCES unit (id)
);

CREATE TABLE restated (
	id INTEGER NOT NULL,
	unit_id INTEGER NOT NULL,
	finding INTEGER NOT NULL,
	hashset_id INTEGER NOT NULL,
	record INTEGER NOT NULL,
	grade TEXT NOT NULL,
	verdict TEXT NOT NULL,
	facts TEXT NOT NULL,
	status TEXT NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(unit_id) REFERENCES unit (id),
	FOREIGN KEY(finding) REFERENCES "match" (finding),
	FOREIGN KEY(hashset_id) REFERENCES hashset (id)
);
