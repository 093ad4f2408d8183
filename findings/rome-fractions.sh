#!/usr/bin/env bash
# com.rometools:rome 2.1.0 (Maven), the usual reader of feeds in Java.
# Expected: the digits behind the dot of an RFC 3339 time are a fraction of a second.
# Seen: they are taken as a number of milliseconds. Three digits are right. One digit is up to 0.9 seconds
# early, six are up to 17 minutes late, and seven, as EventStore writes them, up to 2 hours and 47
# minutes. And a feed that ROME writes has no fractions.
# For us: write three digits at all times, also if they are zeros.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat > pom.xml <<'END'
<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>seen</groupId><artifactId>seen</artifactId><version>1</version>
<dependencies>
<dependency><groupId>com.rometools</groupId><artifactId>rome</artifactId><version>2.1.0</version></dependency>
</dependencies>
</project>
END
mvn --quiet --batch-mode dependency:copy-dependencies -DoutputDirectory=lib > /dev/null
cat > Seen.java <<'END'
import com.rometools.rome.feed.atom.Feed;
import com.rometools.rome.io.WireFeedInput;
import com.rometools.rome.io.WireFeedOutput;
import java.io.StringReader;
import java.util.List;

public class Seen {
	public static void main(String[] args) throws Exception {
		String xml = "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>orders</title><id>urn:orders</id>"
			+ "<updated>2020-01-01T00:00:00%sZ</updated></feed>";
		for (String fraction : List.of("", ".500", ".5", ".500000", ".5000000")) {
			String text = String.format(xml, fraction);
			Feed feed = (Feed) new WireFeedInput().build(new StringReader(text));
			System.out.println("00:00:00" + fraction + "Z is read as " + feed.getUpdated().toInstant());
		}
		Feed feed = (Feed) new WireFeedInput().build(new StringReader(String.format(xml, ".500")));
		feed.setFeedType("atom_1.0");
		String written = new WireFeedOutput().outputString(feed);
		System.out.println("written: " + written.replaceAll("(?s).*<updated>(.*)</updated>.*", "$1"));
	}
}
END
java -cp 'lib/*' Seen.java 2> errors.txt | tee seen.txt
diff - seen.txt <<'END'
00:00:00Z is read as 2020-01-01T00:00:00Z
00:00:00.500Z is read as 2020-01-01T00:00:00.500Z
00:00:00.5Z is read as 2020-01-01T00:00:00.005Z
00:00:00.500000Z is read as 2020-01-01T00:08:20Z
00:00:00.5000000Z is read as 2020-01-01T01:23:20Z
written: 2020-01-01T00:00:00Z
END
echo "as described"
