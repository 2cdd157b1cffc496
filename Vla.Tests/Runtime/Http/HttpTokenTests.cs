using Vla.Runtime;
using Vla.Runtime.Http;

namespace Vla.Tests.Runtime.Http;

public sealed class HttpTokenTests : IDisposable
{
    private const string Good = "0123456789abcdef";

    private static readonly DateTimeOffset Now = new(2026, 3, 1, 8, 0, 0, TimeSpan.Zero);

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_environment_wins_over_the_file_and_neither_means_none()
    {
        var file = Write("from-the-file-0123\n");

        Assert.True(HttpToken.Read(Good, file)!.Is(Good));
        Assert.True(HttpToken.Read("", file)!.Is("from-the-file-0123"));
        Assert.Null(HttpToken.Read(null, ""));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0123456789abcde")]
    [InlineData("0123456789abcdeF")]
    [InlineData("0123456789abcdef ")]
    [InlineData("0123456789abcdef0")]
    public void Only_the_token_itself_is_the_token(string given) => Assert.False(HttpToken.Read(Good, "")!.Is(given));

    [Theory]
    [InlineData("0123456789abcde", "holds 15 characters: a token has 16 to 256")]
    [InlineData("0123456789 abcdef", "holds a space")]
    [InlineData("0123456789äbcdef", "not ASCII")]
    [InlineData("abcabcabcabcabcabc", "easily guessed")]
    public void A_bad_token_is_named_and_never_said(string token, string reason)
    {
        foreach (var read in (Action[])[() => HttpToken.Read(token, ""), () => HttpToken.Read(null, Write(token))])
        {
            var message = Assert.Throws<UsageException>(read).Message;
            Assert.Contains(reason, message, StringComparison.Ordinal);
            Assert.Contains("openssl rand -hex 32", message, StringComparison.Ordinal);
            Assert.DoesNotContain(token, message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', message);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("two\nlines-0123456789\n")]
    public void A_file_without_one_token_is_refused(string text) =>
        Assert.Contains(
            "httpTokenFile",
            Assert.Throws<UsageException>(() => HttpToken.Read(null, Write(text))).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void A_file_that_is_too_long_a_folder_or_missing_is_refused()
    {
        Assert.Contains("a token has", Refused(Write(new string('x', 300) + Good)), StringComparison.Ordinal);
        Assert.Contains("cannot be read", Refused(_folder.Path), StringComparison.Ordinal);
        Assert.Contains("cannot be read", Refused(_folder.File("nowhere")), StringComparison.Ordinal);
    }

    [LinuxTheory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void A_file_that_others_can_use_is_refused(UnixFileMode more)
    {
        var file = Write(Good);
        Allow(file, more);

        Assert.Contains($"chmod 600 '{file}'", Refused(file), StringComparison.Ordinal);
        // A link is no way around.
        var link = _folder.File("link");
        File.CreateSymbolicLink(link, file);
        Assert.Contains("chmod 600", Refused(link), StringComparison.Ordinal);
    }

    [Fact]
    public void A_session_holds_until_its_end_for_the_same_token_only()
    {
        var token = HttpToken.Read(Good, "")!;
        var session = token.NewSession(Now);

        Assert.True(
            HttpToken.Read(Good, "")!.IsSession(session, Now + HttpToken.SessionTime - TimeSpan.FromSeconds(1))
        );
        Assert.False(token.IsSession(session, Now + HttpToken.SessionTime));
        Assert.False(HttpToken.Read(Good + "0", "")!.IsSession(session, Now));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData(Good)]
    [InlineData("9999999999.")]
    [InlineData("9999999999.00")]
    public void A_session_cannot_be_made_up(string session) =>
        Assert.False(HttpToken.Read(Good, "")!.IsSession(session, Now));

    [Fact]
    public void A_session_cannot_be_prolonged()
    {
        var token = HttpToken.Read(Good, "")!;
        var parts = token.NewSession(Now).Split('.');

        Assert.False(
            token.IsSession(
                $"{long.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture) + 1}.{parts[1]}",
                Now
            )
        );
    }

    private static string Refused(string file) =>
        Assert.Throws<UsageException>(() => HttpToken.Read(null, file)).Message;

    private static void Allow(string file, UnixFileMode more)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, File.GetUnixFileMode(file) | more);
    }

    private string Write(string text)
    {
        var file = _folder.File("token");
        File.WriteAllText(file, text);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return file;
    }
}
