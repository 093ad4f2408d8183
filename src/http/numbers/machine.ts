/** What the process and the machine have used, and what is left of them. */
import { stat as fileStat, statfs } from "node:fs/promises";
import { cpus, freemem, loadavg, totalmem } from "node:os";
import { dirname } from "node:path";
import { getHeapSpaceStatistics } from "node:v8";
import { diskBytes, startedMs } from "../../observe/numbers/process.ts";
import { type StatTree, stat } from "../../observe/numbers/stat-tree.ts";

/** Seconds since some moment: only their differences mean anything. */
export type MachineSeconds = {
	/** Of a processor, that this process used. */
	readonly process: number;
	/** Of all processors together, and in which they had work. */
	readonly all: number;
	readonly busy: number;
};

export function machineSeconds(): MachineSeconds {
	const { user, system } = process.cpuUsage();
	let all = 0;
	let idle = 0;
	for (const { times } of cpus()) {
		all += times.user + times.nice + times.sys + times.idle + times.irq;
		idle += times.idle;
	}
	return { process: (user + system) / 1e6, all: all / 1000, busy: (all - idle) / 1000 };
}

/** @param directory of the log: of the machine's disks, its own counts */
export async function systemStats(used: MachineSeconds, directory: string): Promise<StatTree> {
	const [m1 = 0, m5 = 0, m15 = 0] = loadavg();
	return {
		cpu: stat("Use of all processors, in percent", percent(used.busy, used.all)),
		loadavg: {
			"1m": stat("Load of the last minute", m1),
			"5m": stat("Load of the last 5 minutes", m5),
			"15m": stat("Load of the last 15 minutes", m15),
		},
		freeMem: stat("Free memory, in bytes", freemem()),
		totalMem: stat("Memory, in bytes", totalmem()),
		drive: await driveStats(directory),
	};
}

/** Empty if the system does not tell. */
async function driveStats(directory: string): Promise<StatTree> {
	try {
		const { bavail, bfree, blocks, bsize } = await statfs(directory);
		const usedBytes = (blocks - bfree) * bsize;
		const drive = {
			availableBytes: stat("Free bytes", bavail * bsize),
			totalBytes: stat("Bytes", blocks * bsize),
			usage: stat("Part in use", `${percent(usedBytes, blocks * bsize)}%`),
			usedBytes: stat("Bytes in use", usedBytes),
		};
		return { [await mountOf(directory)]: drive };
	} catch {
		return {};
	}
}

/** The highest folder above that is on the same file system. */
async function mountOf(directory: string): Promise<string> {
	const { dev } = await fileStat(directory);
	let mount = directory;
	for (;;) {
		const above = dirname(mount);
		if (above === mount || (await fileStat(above)).dev !== dev) return mount;
		mount = above;
	}
}

/** @param elapsed seconds in which `used` was used */
export function processStats(used: MachineSeconds, elapsed: number): StatTree {
	const { fsRead, fsWrite } = process.resourceUsage();
	const { read, written } = diskBytes();
	return {
		startTime: stat("When the process started", new Date(startedMs).toISOString()),
		id: stat("Process id", process.pid),
		mem: stat("Memory of the process, in bytes", process.memoryUsage.rss()),
		cpu: stat("Use of one processor, in percent", percent(used.process, elapsed)),
		threadsCount: stat("Threads", 0),
		contentionsRate: stat("Waits for locks a second", 0),
		thrownExceptionsRate: stat("Exceptions a second", 0),
		diskIo: {
			readBytes: stat("Bytes read from disks", read),
			writtenBytes: stat("Bytes written to disks", written),
			readOps: stat("Reads from disks", fsRead),
			writeOps: stat("Writes to disks", fsWrite),
		},
		gc: heapStats(),
	};
}

/** V8's spaces, under the names of the generations that come nearest. */
function heapStats(): StatTree {
	const spaces = getHeapSpaceStatistics();
	const bytesOf = (name: string) =>
		spaces.find(({ space_name }) => space_name === name)?.space_used_size ?? 0;
	return {
		allocationSpeed: stat("Bytes allocated a second", 0),
		fragmentation: stat("Fragmentation of the heap, in percent", 0),
		gen0ItemsCount: stat("Collections of generation 0", 0),
		gen0Size: stat("Young objects, in bytes", bytesOf("new_space")),
		gen1ItemsCount: stat("Collections of generation 1", 0),
		gen1Size: stat("Size of generation 1, in bytes", 0),
		gen2ItemsCount: stat("Collections of generation 2", 0),
		gen2Size: stat("Old objects, in bytes", bytesOf("old_space")),
		largeHeapSize: stat("Large objects, in bytes", bytesOf("large_object_space")),
		timeInGc: stat("Time in collections, in percent", 0),
		totalBytesInHeaps: stat("Bytes in the heap", process.memoryUsage().heapUsed),
	};
}

/** With two places. */
function percent(part: number, whole: number): number {
	return whole > 0 ? Math.round((part / whole) * 10_000) / 100 : 0;
}
