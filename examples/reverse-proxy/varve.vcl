# Varnish in front of Varve: sealed pages come from Varnish's memory, and what is deleted or erased is banned by
# its tag. Adapt the lines marked with HERE; start the server with --purge-url http://varnish:6081 --purge-method BAN.
vcl 4.1;

import std;

backend varve {
    .host = "127.0.0.1"; # HERE: the server
    .port = "2113";
    # Longer than --long-poll-seconds-max and --request-timeout-ms together.
    .first_byte_timeout = 180s;
}

# Who may ban: nobody but the server. HERE
acl purgers {
    "127.0.0.1";
    "::1";
}

sub vcl_recv {
    if (req.method == "BAN") {
        if (client.ip !~ purgers) {
            return (synth(403, "Not allowed"));
        }
        if (req.http.Cache-Tag !~ "^[a-z0-9]+(,[a-z0-9]+)*$") {
            return (synth(400, "Which tags?"));
        }
        # A tag between commas, or at an end. Bans that look at obj alone are worked off by the lurker, in the background.
        if (std.ban("obj.http.Cache-Tag ~ (^|,)(" + regsuball(req.http.Cache-Tag, ",", "|") + ")(,|$)")) {
            return (synth(200, "Banned"));
        }
        return (synth(500, std.ban_error()));
    }
    # Appends, and reads that wait: between one client and the server.
    if (req.method != "GET" && req.method != "HEAD") {
        return (pass);
    }
    if (req.http.ES-LongPoll || req.http.Kurrent-LongPoll || req.http.ES-MinPosition || req.http.Kurrent-MinPosition ||
        req.http.ES-ResolveLinkTos || req.http.Kurrent-ResolveLinkTos) {
        return (pass);
    }
    # Lines and live events run on: a cache would wait for their end.
    if (req.http.Accept ~ "ndjson|event-stream") {
        return (pipe);
    }
    # Credentials say nothing yet: what the server lets caches keep, anyone may read.
    return (hash);
}

sub vcl_hash {
    # The path as it came, and the host, which the links start with. Accept and Accept-Encoding are the server's Vary.
    hash_data(req.url);
    hash_data(req.http.Host);
    return (lookup);
}

sub vcl_backend_response {
    # How long is up to the server's Cache-Control; what it does not say to keep is not kept, and who asks for it next
    # does not wait for another's answer.
    if (beresp.http.Cache-Control !~ "max-age=[1-9]") {
        set beresp.uncacheable = true;
        set beresp.ttl = 120s;
    }
    # After its time a page is asked for anew, and never shown meanwhile: it may have been erased.
    set beresp.grace = 0s;
    set beresp.keep = 0s;
    return (deliver);
}

sub vcl_deliver {
    if (obj.hits > 0) {
        set resp.http.X-Cache-Status = "HIT";
    } else {
        set resp.http.X-Cache-Status = "MISS";
    }
    # The tags are between the server and its caches. A CDN in front of Varnish needs them: remove these lines then. HERE
    unset resp.http.Cache-Tag;
    unset resp.http.Surrogate-Key;
}
