using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Vla.Actors.Instructions;
using Vla.Actors.Robots;
using Vla.Tests.Actors.Instructions;

namespace Vla.Tests.Runtime.Http;

/// <summary><c>POST /instruction</c>, in whatever form its body comes.</summary>
public sealed class InstructionRequestTests : IAsyncLifetime
{
    private const string Text = "pick up the red block";
    private const string Form = "application/x-www-form-urlencoded";

    private ApiRig _rig = null!;

    public async Task InitializeAsync() =>
        _rig = await ApiRig.StartAsync(withToken: false, new InstructionCheck { Words = Vocabulary.Read });

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Theory]
    [InlineData(Text, null)]
    [InlineData(Text, "text/plain; charset=utf-8")]
    [InlineData(Text, Form)]
    [InlineData("instruction=pick+up%20the+red+block", Form)]
    [InlineData("""{"instruction": "pick up the red block"}""", "application/json")]
    [InlineData("""{"instruction": "pick up the red block"}""", Form)]
    [InlineData("""  {"instruction": "pick up the red block"}""", null)]
    [InlineData("\ufeff{\"instruction\": \"pick up the red block\"}", "application/json")]
    [InlineData("\ufeffpick up the red block\n", "text/plain")]
    public async Task Every_usual_form_is_taken(string body, string? type)
    {
        var (code, answer) = await PostAsync(Encoding.UTF8.GetBytes(body), type);

        Assert.Equal((HttpStatusCode.OK, Text), (code, answer.GetProperty("text").GetString()));
        Assert.Empty(answer.GetProperty("unknown_words").EnumerateArray());
        Assert.Equal(Text, _rig.Instructions.Current!.Text);
    }

    [Theory]
    [InlineData("utf-16")]
    [InlineData("iso-8859-1")]
    [InlineData("us-ascii")]
    public async Task A_charset_that_is_declared_is_read(string charset) =>
        Assert.Equal(
            Text,
            (await PostAsync(Encoding.GetEncoding(charset).GetBytes(Text), $"text/plain; charset={charset}"))
                .Answer.GetProperty("text")
                .GetString()
        );

    [Theory]
    [InlineData(
        "caf\u00e9",
        "text/plain; charset=us-ascii",
        400,
        "the instruction is not valid in the charset that was declared (us-ascii)"
    )]
    [InlineData(Text, "text/plain; charset=klingon", 415, "the charset 'klingon' is not known here: send UTF-8")]
    [InlineData(Text, "multipart/form-data; boundary=x", 415, "the body is a form of several parts")]
    [InlineData(
        "instruction=open&instruction=close",
        Form,
        400,
        "the form has more than the field 'instruction', once"
    )]
    [InlineData("", null, 400, "the instruction is empty")]
    [InlineData("{\"instruction\": \"\\ud800\"}", "application/json", 400, "")]
    [InlineData("{\"instruction\": 7}", "application/json", 400, "the body is not the JSON expected")]
    [InlineData(
        "{\"instruction\": \"open\", \"instruction\": \"close\"}",
        "application/json",
        400,
        "the body is not the JSON expected"
    )]
    [InlineData("{\"text\": \"open\"}", Form, 400, "the body is not the JSON expected")]
    [InlineData("\"open\"", "application/json", 400, "the body is not the JSON expected")]
    [InlineData(
        "put the red block on the red tray at the left",
        null,
        400,
        "the instruction is too long for the policy"
    )]
    [InlineData("/foo", null, 400, "'/foo' is no command: here there are /stop and /resume")]
    public async Task What_cannot_be_read_for_certain_is_refused_with_the_mend(
        string body,
        string? type,
        int code,
        string error
    )
    {
        var (status, answer) = await PostAsync(Encoding.UTF8.GetBytes(body), type);

        Assert.Equal(code, (int)status);
        Assert.StartsWith(error, answer.GetProperty("error").GetString()!, StringComparison.Ordinal);
        Assert.Null(_rig.Instructions.Current);
    }

    [Fact]
    public async Task A_compressed_body_is_refused()
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionMode.Compress, leaveOpen: true))
            gzip.Write(Encoding.UTF8.GetBytes(Text));
        using var content = new ByteArrayContent(packed.ToArray());
        content.Headers.ContentEncoding.Add("gzip");

        var answer = await _rig.Client().PostAsync("/instruction", content);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
    }

    [Theory]
    [InlineData("STOP!", null)]
    [InlineData("""{"instruction": "e-stop"}""", "application/json")]
    [InlineData("\"stop\"", "application/json")]
    [InlineData("instruction=please+stop", Form)]
    [InlineData("/stop", null)]
    public async Task Words_that_mean_stop_stop_the_robot(string body, string? type)
    {
        var (code, answer) = await PostAsync(Encoding.UTF8.GetBytes(body), type);

        Assert.Equal((HttpStatusCode.OK, "stop"), (code, answer.GetProperty("state").GetString()));
        _rig.Tick();
        Assert.Equal(ControlState.Stop, _rig.Robot.Last.State);
        Assert.Null(_rig.Instructions.Current);
    }

    [Fact]
    public async Task Unknown_words_are_in_the_answer_and_none_known_is_refused()
    {
        var (_, taken) = await PostAsync("grab the florb"u8.ToArray(), null);
        Assert.Equal("florb", taken.GetProperty("unknown_words").EnumerateArray().Single().GetString());
        Assert.Contains("does not know \"florb\"", taken.GetProperty("note").GetString(), StringComparison.Ordinal);

        var (code, refused) = await PostAsync("florb"u8.ToArray(), null);
        Assert.Equal(HttpStatusCode.BadRequest, code);
        Assert.Equal("florb", refused.GetProperty("unknown_words").EnumerateArray().Single().GetString());
        Assert.Equal("grab the florb", _rig.Instructions.Current!.Text);
    }

    private async Task<(HttpStatusCode Code, JsonElement Answer)> PostAsync(byte[] body, string? type)
    {
        using var content = new ByteArrayContent(body);
        if (type is not null)
            content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        var answer = _rig.Client().PostAsync("/instruction", content);
        // A stop is answered when a tick has taken it.
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (!answer.IsCompleted)
        {
            await look.WaitForNextTickAsync();
            _rig.Tick();
        }

        var read = await answer;
        return (read.StatusCode, JsonSerializer.Deserialize<JsonElement>(await read.Content.ReadAsByteArrayAsync()));
    }
}
