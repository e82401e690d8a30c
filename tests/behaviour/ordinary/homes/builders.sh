# Settings of Gradle and of terraform, with a token each
mkdir -p .gradle .terraform.d
printf 'org.gradle.jvmargs=-Xmx1g\nregistryPassword=stand-in-for-a-password\n' > .gradle/gradle.properties
echo 'disable_checkpoint_signature = true' > .terraformrc
echo '{"credentials": {"app.example.org": {"token": "stand-in-for-a-token"}}}' > .terraform.d/credentials.tfrc.json
