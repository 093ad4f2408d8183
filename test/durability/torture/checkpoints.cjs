// Loaded into a server under test, before its own code: what its writer is told of the length of the
// WAL is nothing until the WAL has TORTURE_CHECKPOINT_PAGES pages, and then more than any threshold.
// So checkpoints come every few commits, the server's own and at its own moment, without the product
// having an option that nobody should use. In the file TORTURE_CHECKPOINT_MARKS each begins with `<`
// and, unless the process dies in it, ends with `>`.
const { appendFileSync } = require("node:fs");
const { isMainThread } = require("node:worker_threads");
const Database = require("better-sqlite3");

const due = Number(process.env.TORTURE_CHECKPOINT_PAGES ?? 0);
const marks = process.env.TORTURE_CHECKPOINT_MARKS;
const { prepare, exec, pragma } = Database.prototype;

const mark = (sign) => {
	if (marks) appendFileSync(marks, sign);
};
const marked = (source, run) => {
	// A start has the main thread, and folds the WAL it finds, if any: that is none of these.
	if (isMainThread || !/wal_checkpoint\((?!NOOP)/i.test(source)) return run();
	mark("<");
	const result = run();
	mark(">");
	return result;
};

Database.prototype.exec = function (source) {
	return marked(source, () => exec.call(this, source));
};
Database.prototype.pragma = function (source, options) {
	return marked(source, () => pragma.call(this, source, options));
};
Database.prototype.prepare = function (source) {
	const statement = prepare.call(this, source);
	if (due === 0 || !/wal_checkpoint\(NOOP\)/i.test(source)) return statement;
	const { get } = statement;
	statement.get = () => {
		const [busy, pages, copied] = get.call(statement);
		return [busy, pages < due ? 0 : Number.MAX_SAFE_INTEGER, copied];
	};
	return statement;
};
