// Verifies a data directory once. Argument: directory. Writes the microseconds it took, and those
// it computed.
import { verifyDirectory } from "../../dist/src/log/sqlite/verify/verifier.js";

const before = process.cpuUsage();
const startedAt = performance.now();
const { ok, faults } = await verifyDirectory(process.argv[2]);
if (!ok) throw new Error(faults.join("\n"));
const micros = Math.round((performance.now() - startedAt) * 1000);
const { user, system } = process.cpuUsage(before);
process.stdout.write(`${micros} ${user + system}\n`);
