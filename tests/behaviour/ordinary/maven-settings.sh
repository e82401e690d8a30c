# Maven, which reads its settings each time, and stops where they are empty
# needs: mvn
# slow: yes
# home: builders.sh

set -e
export MAVEN_OPTS="-Duser.home=$HOME"
cat > pom.xml <<'END'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>org.example</groupId> <artifactId>parent</artifactId> <version>1</version> <packaging>pom</packaging>
</project>
END
mvn -o -q -B validate
mvn -o -B validate | grep -o 'BUILD SUCCESS'
echo 'class Settings { public static void main(String[] a) throws Exception { java.util.Properties p = new java.util.Properties(); p.load(new java.io.FileReader(a[0])); System.out.println(p.getProperty("org.gradle.jvmargs")); } }' > Settings.java
java Settings.java "$HOME/.gradle/gradle.properties"
