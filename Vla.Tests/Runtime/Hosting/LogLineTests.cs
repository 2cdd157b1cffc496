using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Vla.Runtime.Hosting;
using Vla.Runtime.Settings;

namespace Vla.Tests.Runtime.Hosting;

public sealed class LogLineTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 7, 1, 9, 8, 7, 65, TimeSpan.Zero));

    [Fact]
    public void A_person_reads_time_level_and_message_on_one_line() =>
        Assert.Equal(
            "09:08:07.065 warning: the arm is hot (80 °C)",
            Line(LogFormat.Text, false, LogLevel.Warning, "the arm is hot\n(80 °C)")
        );

    [Fact]
    public void Information_goes_without_its_level() =>
        Assert.Equal("09:08:07.065 control: hold", Line(LogFormat.Text, false, LogLevel.Information, "control: hold"));

    [Theory]
    [InlineData(LogLevel.Debug, "<7>text")]
    [InlineData(LogLevel.Information, "<6>text")]
    [InlineData(LogLevel.Warning, "<4>warning: text")]
    [InlineData(LogLevel.Error, "<3>error: text")]
    [InlineData(LogLevel.Critical, "<2>critical: text")]
    public void The_journal_is_told_the_priority_and_keeps_the_time_itself(LogLevel level, string line) =>
        Assert.Equal(line, Line(LogFormat.Text, true, level, "text"));

    [Fact]
    public void Json_has_the_message_and_its_values_with_their_types()
    {
        var line = Line(
            LogFormat.Json,
            false,
            LogLevel.Warning,
            "100 actions refused: \"x\" is not\na number",
            ("Count", 100L),
            ("Refusal", "\"x\" is not\na number"),
            ("Share", 0.5),
            ("Odd", double.NaN),
            ("{OriginalFormat}", "{Count} actions …")
        );

        Assert.DoesNotContain('\n', line);
        using var json = JsonDocument.Parse(line);
        var root = json.RootElement;
        Assert.Equal("2026-07-01T09:08:07.065Z", root.GetProperty("time").GetString());
        Assert.Equal("warning", root.GetProperty("level").GetString());
        Assert.Equal("100 actions refused: \"x\" is not a number", root.GetProperty("message").GetString());
        Assert.Equal("Vla.Test", root.GetProperty("category").GetString());
        Assert.Equal(30, root.GetProperty("event").GetInt32());
        var values = root.GetProperty("values");
        Assert.Equal(100, values.GetProperty("count").GetInt64());
        Assert.Equal(0.5, values.GetProperty("share").GetDouble());
        Assert.Equal("NaN", values.GetProperty("odd").GetString());
        Assert.Equal(["count", "refusal", "share", "odd"], values.EnumerateObject().Select(value => value.Name));
    }

    [Fact]
    public void The_journal_is_told_the_priority_of_json_too() =>
        Assert.StartsWith("<3>{", Line(LogFormat.Json, true, LogLevel.Error, "text"));

    [Theory]
    [InlineData("8:12345", "socket:[12345]", true)]
    [InlineData("8:12345", "pipe:[12345]", false)] // vla run 2>&1 | grep
    [InlineData("8:12345", "socket:[54321]", false)]
    [InlineData("8:12345", "/var/log/vla.log", false)]
    [InlineData("8:12345", null, false)]
    [InlineData(null, "socket:[12345]", false)]
    [InlineData("", "socket:[]", false)]
    [InlineData("8:", "socket:[]", false)]
    public void The_journal_reads_only_the_stream_that_systemd_connected(string? stream, string? target, bool takes) =>
        Assert.Equal(takes, Journal.Takes(stream, target));

    private string Line(
        LogFormat format,
        bool forJournal,
        LogLevel level,
        string message,
        params (string Name, object? Value)[] values
    ) =>
        new LogLine(format, forJournal, _time).Write(
            "Vla.Test",
            level,
            30,
            message,
            [.. values.Select(value => KeyValuePair.Create(value.Name, value.Value))]
        );
}
