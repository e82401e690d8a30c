# Java: a program from its source, compiled, packed, run with system properties and a thread pool, jps-like looks at itself
# needs: java javac jar
# slow: yes
# varies: *.class *.jar

set -e
printf 'import java.nio.file.*; import java.util.concurrent.*;\npublic class Hello { public static void main(String[] a) throws Exception { var p = Executors.newFixedThreadPool(2); System.out.println(p.submit(() -> System.getProperty("who")).get()); p.shutdown(); Path t = Files.createTempFile("x", "y"); Files.writeString(t, "z"); System.out.println(Files.readString(t)); Files.delete(t); System.out.println(new ProcessBuilder("echo", "child").inheritIO().start().waitFor()); } }\n' > Hello.java
java -Dwho=source Hello.java; mkdir -p out; javac -d out Hello.java; jar --create --file hello.jar --main-class Hello -C out .; java -Dwho=jar -jar hello.jar; rm -rf out
