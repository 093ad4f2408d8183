/**
 * The order of the test files. Jest takes large ones first, while it does not know how long they take.
 * Some small ones take long, since they run the cases of others: the last worker would wait for them.
 */
import Sequencer from "@jest/test-sequencer";

const LONG = [
	"test/durability/torture.test.ts",
	"test/log/sqlite/contract.test.ts",
	"test/log/postgres/contract.test.ts",
	"test/log/postgres/http.test.ts",
	"test/projections/script/unfriendly.test.ts",
	"test/durability/backup.test.ts",
	"test/backup/newer.test.ts",
	"test/http/streaming/slow.test.ts",
];

export default class extends Sequencer {
	sort(tests) {
		const isLong = ({ path }) => LONG.some((name) => path.endsWith(name));
		const sorted = super.sort(tests);
		return [...sorted.filter(isLong), ...sorted.filter((test) => !isLong(test))];
	}
}
