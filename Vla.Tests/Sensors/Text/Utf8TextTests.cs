using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Vla.Actors.Checkpoints;
using Vla.Sensors.Datasets;
using Vla.Sensors.Text;

namespace Vla.Tests.Sensors.Text;

public sealed class Utf8TextTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_byte_order_mark_is_no_part_of_the_text()
    {
        Assert.Equal(
            "größe 🟥",
            Utf8Text.Read(_directory.Write("a", [0xef, 0xbb, 0xbf, .. Encoding.UTF8.GetBytes("größe 🟥")]))
        );
        Assert.Equal(
            ["one", "", "two"],
            Utf8Text.ReadLines(_directory.Write("b", [0xef, 0xbb, 0xbf, .. "one\r\n\ntwo\n"u8]))
        );
        Assert.Equal("", Utf8Text.Read(_directory.Write("c", [])));
        Assert.Equal("", Utf8Text.Read(_directory.Write("d", [0xef, 0xbb, 0xbf])));
    }

    [LinuxFact]
    public async Task A_pipe_that_nobody_writes_to_is_said_and_one_that_is_written_to_is_read()
    {
        var pipe = Pipe();

        var silent = Assert.Throws<TextFileException>(() =>
            WaitingFile.Read(pipe, () => Utf8Text.Read(pipe), TimeSpan.FromMilliseconds(50))
        );
        Assert.StartsWith(
            "it is a pipe or a device, and nobody has written to it",
            silent.Message,
            StringComparison.Ordinal
        );

        // The first reader waits on, and one writer may go to it.
        var other = Pipe();
        var written = Task.Run(() => File.WriteAllText(other, "in a pipe"));
        Assert.Equal("in a pipe", Utf8Text.Read(other));
        await written;
    }

    [LinuxFact]
    public void What_is_read_in_any_order_is_refused_as_a_pipe_before_it_is_opened()
    {
        var pipe = Pipe();

        Assert.Contains(
            "or a pipe and no file",
            Assert.Throws<TextFileException>(() => WaitingFile.Refuse(pipe)).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "or a pipe and no file",
            Assert.Throws<CheckpointException>(() => Checkpoint.Open(pipe)).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "or a pipe and no file",
            Assert.Throws<DatasetException>(() => ParquetTable.Open(pipe)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void The_first_byte_that_is_no_utf8_is_named_with_its_place()
    {
        byte[] latin1 = [.. "good\nline gr"u8, 0xfc, .. "n\n"u8];

        Assert.StartsWith(
            "it is not UTF-8: byte 0xfc at offset 12 (line 2)",
            Refused(latin1),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_character_that_is_cut_off_an_overlong_form_and_half_of_a_pair_are_no_utf8()
    {
        Assert.Contains("0xe2 at offset 1 ", Refused([(byte)'a', 0xe2, 0x82]), StringComparison.Ordinal);
        Assert.Contains("0xc0 at offset 0 ", Refused([0xc0, 0x80, (byte)'a']), StringComparison.Ordinal);
        Assert.Contains("0xed at offset 0 ", Refused([0xed, 0xa0, 0x80]), StringComparison.Ordinal);
    }

    [Fact]
    public void Wide_text_is_recognised_with_and_without_a_mark()
    {
        foreach (var encoding in (Encoding[])[Encoding.Unicode, Encoding.BigEndianUnicode])
        {
            Assert.StartsWith(
                "it is UTF-16 text",
                Refused([.. encoding.Preamble, .. encoding.GetBytes("{ }")]),
                StringComparison.Ordinal
            );
            Assert.StartsWith("it is UTF-16 text", Refused(encoding.GetBytes("{ }")), StringComparison.Ordinal);
        }

        Assert.StartsWith(
            "it is UTF-32 text",
            Refused([.. Encoding.UTF32.Preamble, .. Encoding.UTF32.GetBytes("{ }")]),
            StringComparison.Ordinal
        );
        Assert.StartsWith("it is UTF-32 text", Refused(Encoding.UTF32.GetBytes("{ }")), StringComparison.Ordinal);
    }

    [Fact]
    public void More_than_the_bound_and_a_directory_are_refused()
    {
        var file = _directory.Write("a", new byte[11]);

        Assert.Contains(
            "more than 10 bytes",
            Assert.Throws<TextFileException>(() => Utf8Text.Read(file, 10)).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "directory",
            Assert.Throws<TextFileException>(() => Utf8Text.Read(_directory.Path)).Message,
            StringComparison.Ordinal
        );
    }

    [LinuxFact]
    public void A_device_without_an_end_is_read_no_further_than_the_bound() =>
        Assert.Contains(
            "more than",
            Assert.Throws<TextFileException>(() => Utf8Text.Read("/dev/zero", 100_000)).Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("""{ "a": "\ud800" }""")]
    [InlineData("""{ "\udc00": 1 }""")]
    [InlineData("""["\ud83d\u0041"]""")]
    public void Half_a_character_as_an_escape_is_no_json(string json)
    {
        var file = _directory.Write("a.json", Encoding.UTF8.GetBytes("\n" + json));

        Assert.Contains(
            "line 2",
            Assert.Throws<JsonException>(() => JsonText.Read(file)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_whole_character_as_escapes_is_json()
    {
        using var document = JsonText.Read(
            _directory.Write("a.json", [0xef, 0xbb, 0xbf, .. """{ /* red */ "a": "\ud83d\udfe5", }"""u8])
        );

        Assert.Equal("🟥", document.RootElement.GetProperty("a").GetString());
    }

    private string Pipe()
    {
        var pipe = _directory.File(Guid.NewGuid().ToString("N"));
        using var made = Process.Start("mkfifo", pipe);
        made.WaitForExit();
        return pipe;
    }

    private string Refused(byte[] content) =>
        Assert.Throws<TextFileException>(() => Utf8Text.Read(_directory.Write("text", content))).Message;
}
