// The options of `npm run bench`, read with node's own parser.
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");

const REAL_LOG = "git-history.ndjson.gz";

const HELP = `npm run bench -- [options]

  NAME            the same as --only NAME
  --only NAME     run only rows whose names start with NAME (repeatable); --list shows the names
  --rounds N      measure N pairs of floor and ours for each ratio, which is their median (default 5)
  --seconds S     length of one measurement in whole seconds (default 2)
  --full          use the sizes of the design: 1 M events caught up, 10 M stored, 1 M in the memory row
  --data FILE     an NDJSON file for the import row (default: ../shared/data/${REAL_LOG})
  --work DIR      directory for the databases; choose a real disk (default: the system's tmp)
  --no-write      do not write bench/results
`;

/** @returns the settings; undefined where only help was asked for, and given */
export function readArguments(args) {
	const { values, positionals } = parseArgs({
		args,
		allowPositionals: true,
		options: {
			only: { type: "string", multiple: true, default: [] },
			rounds: { type: "string", default: "5" },
			seconds: { type: "string", default: "2" },
			full: { type: "boolean", default: false },
			data: { type: "string", default: join(ROOT, "../shared/data", REAL_LOG) },
			work: { type: "string", default: tmpdir() },
			"no-write": { type: "boolean", default: false },
			list: { type: "boolean", default: false },
			help: { type: "boolean", default: false },
		},
	});
	if (values.help) {
		process.stdout.write(HELP);
		return undefined;
	}
	return {
		only: [...values.only, ...positionals],
		list: values.list,
		rounds: wholeNumber("rounds", values.rounds),
		seconds: wholeNumber("seconds", values.seconds),
		full: values.full,
		dataFile: existsSync(values.data) ? values.data : undefined,
		workDir: values.work,
		writes: !values["no-write"],
	};
}

function wholeNumber(name, text) {
	const number = Number(text);
	if (Number.isInteger(number) && number >= 1) return number;
	throw new Error(`--${name} takes a whole number from 1, not ${text}`);
}
