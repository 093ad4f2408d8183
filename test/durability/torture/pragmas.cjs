// Loaded into a server under test, before its own code: SQLite gets the settings of
// TORTURE_PRAGMAS (`synchronous=OFF`) where the server asks for its own. So a test can show that it
// notices a store that is not durable.
const Database = require("better-sqlite3");

const instead = new Map(
	(process.env.TORTURE_PRAGMAS ?? "")
		.split(",")
		.filter(Boolean)
		.map((setting) => setting.split("=")),
);
const { pragma } = Database.prototype;

Database.prototype.pragma = function (source, options) {
	const name = source.split("=")[0].trim();
	const value = source.includes("=") ? instead.get(name) : undefined;
	return pragma.call(this, value === undefined ? source : `${name} = ${value}`, options);
};
