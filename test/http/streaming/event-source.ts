/** A reader of server-sent events, as the standard has it (WHATWG HTML section 9.2.6). */
import { type ClientRequest, type IncomingMessage, request } from "node:http";

export type Message = { readonly id: string; readonly event: string; readonly data: string };

export type Reader = {
	readonly status: number;
	readonly headers: IncomingMessage["headers"];
	readonly messages: Message[];
	/** Lines that start with a colon. */
	readonly comments: string[];
	retry: number | undefined;
	/** How the connection came to its end. */
	ended: "no" | "by the server" | "broken";
	pause(): void;
	resume(): void;
	leave(): void;
};

export function connect(
	port: number,
	path: string,
	headers: Record<string, string> = {},
	onMessage: (message: Message) => void = () => undefined,
): Promise<Reader> {
	return new Promise((resolve, reject) => {
		const sent = { Accept: "text/event-stream", ...headers };
		const req = request({ host: "127.0.0.1", port, path, headers: sent, agent: false });
		req.on("response", (res) => resolve(read(req, res, onMessage)));
		req.on("error", reject);
		req.end();
	});
}

function read(
	req: ClientRequest,
	res: IncomingMessage,
	onMessage: (message: Message) => void,
): Reader {
	const reader: Reader = {
		status: res.statusCode ?? 0,
		headers: res.headers,
		messages: [],
		comments: [],
		retry: undefined,
		ended: "no",
		pause: () => res.pause(),
		resume: () => res.resume(),
		leave: () => req.destroy(),
	};
	let rest = "";
	let message = { id: "", event: "message", data: [] as string[] };
	const take = (line: string) => {
		if (line === "") {
			const { id, event, data } = message;
			message = { id, event: "message", data: [] };
			if (data.length === 0) return;
			const whole = { id, event, data: data.join("\n") };
			reader.messages.push(whole);
			onMessage(whole);
			return;
		}
		const [, field = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
		if (field === "") reader.comments.push(line);
		else if (field === "data") message.data.push(value);
		else if (field === "retry") reader.retry = Number(value);
		else if (field === "id" || field === "event") message = { ...message, [field]: value };
	};
	res.setEncoding("utf8");
	res.on("data", (chunk: string) => {
		const lines = (rest + chunk).split(/\r\n|\n|\r/);
		rest = lines.pop() ?? "";
		for (const line of lines) take(line);
	});
	res.on("end", () => {
		reader.ended = "by the server";
	});
	res.on("error", () => {
		reader.ended = "broken";
	});
	return reader;
}
