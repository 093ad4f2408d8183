// The load without wrk: keep-alive connections on bare sockets, one request under way on each.
// It says what `report.lua` says. It costs several times as much as wrk, for floor and ours alike.
import { connect } from "node:net";

const DATA =
	'{"orderId":"1","customer":"c-20417","total":12345.60,"currency":"EUR",' +
	'"lines":[{"sku":"A-1001","count":3},{"sku":"B-2002","count":1}],"note":"leave at the door"}';

const task = JSON.parse(process.argv[2]);
const { hostname, port, host, pathname, search } = new URL(task.url);
const KINDS = { get: getRequests, append: appendRequests, mixed: mixedRequests };
const next = KINDS[task.kind]();
const found = { requests: 0, micros: 0, p99: 0, failed: 0 };
const startedAt = performance.now();
const endsAt = startedAt + task.seconds * 1000;

await Promise.all(Array.from({ length: task.connections }, drive));
found.micros = Math.round((performance.now() - startedAt) * 1000);
process.stdout.write(`${JSON.stringify(found)}\n`);

/** One connection: a request, its whole answer, the next request. */
function drive() {
	return new Promise((resolve) => {
		const socket = connect({ host: hostname, port: Number(port), noDelay: true });
		let missing = 0;
		let pending = Buffer.alloc(0);
		socket.on("connect", () => socket.write(next()));
		socket.on("error", () => found.failed++);
		socket.on("close", resolve);
		socket.on("data", (chunk) => {
			if (missing === 0) {
				pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
				const end = pending.indexOf("\r\n\r\n");
				if (end < 0) return;
				missing = end + 4 + bodyLength(pending.latin1Slice(0, end)) - pending.length;
				pending = Buffer.alloc(0);
			} else missing -= chunk.length;
			if (missing > 0) return;
			found.requests++;
			if (performance.now() < endsAt) socket.write(next());
			else socket.end();
		});
	});
}

function bodyLength(head) {
	const status = Number(head.slice(9, 12));
	// A mixed load also asks for streams that are not there.
	if (status >= 400 && !(status === 404 && task.kind === "mixed")) found.failed++;
	return status === 304 ? 0 : Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
}

function getRequests() {
	const lines = Object.entries({ Host: host, ...task.headers });
	const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
	const path = pathname + search;
	const [count] = task.args;
	const requests = Array.from({ length: count }, (_, index) => {
		const one = count === 1 ? path : path.replace(/-1(?=\D*$)/, `-${index + 1}`);
		return `GET ${one} HTTP/1.1\r\n${head}\r\n`;
	});
	return () => requests[Math.floor(Math.random() * count)];
}

/** What a busy day brings: appends, heads, pages of a category and of types, and what is not there. */
function mixedRequests() {
	const [, streams] = task.args;
	const append = appendRequests();
	const upTo = (count) => Math.floor(Math.random() * count);
	const page = (stream) => `${stream}/${20 * upTo(500)}/forward/20?embed=body`;
	const get = (path) =>
		`GET /streams/${path} HTTP/1.1\r\nHost: ${host}\r\nAccept: application/vnd.eventstore.atom+json\r\n\r\n`;
	const reads = [
		() => get(`order-${1 + upTo(streams)}?embed=body`),
		() => get(`order-${1 + upTo(streams)}`),
		() => get(page("%24ce-order")),
		() => get(page("%24et-OrderPlaced")),
		() => get(`absent-${upTo(1e9)}`),
	];
	return () => (Math.random() < 0.4 ? append() : reads[upTo(reads.length)]());
}

function appendRequests() {
	const [events, streams, seed] = task.args;
	const tail = seed.toString(16).padStart(12, "0");
	let counter = 0;
	return () => {
		const unique = ((++counter * 2654435761) % 2 ** 32).toString(16).padStart(8, "0");
		const id = (index) => `${unique}-${index.toString(16).padStart(4, "0")}-4000-8000-${tail}`;
		const start = `POST /streams/order-${1 + Math.floor(Math.random() * streams)} HTTP/1.1\r\nHost: ${host}\r\n`;
		if (events === 1) {
			return `${start}Content-Type: application/json\r\nES-EventType: OrderPlaced\r\nES-EventId: ${id(1)}\r\nContent-Length: ${DATA.length}\r\n\r\n${DATA}`;
		}
		const list = Array.from(
			{ length: events },
			(_, index) => `{"eventId":"${id(index + 1)}","eventType":"OrderPlaced","data":${DATA}}`,
		);
		const body = `[${list.join(",")}]`;
		return `${start}Content-Type: application/vnd.eventstore.events+json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
	};
}
