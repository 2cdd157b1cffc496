using System.Text;
using Vla.Runtime.Hosting;

namespace Vla.Tests.Runtime.Hosting;

public sealed class Utf8LinesTests
{
    [Fact]
    public void Lines_end_with_a_line_feed_with_or_without_carriage_return_and_the_last_may_lack_it()
    {
        Assert.Equal(["one", "", "two", "three"], Read("one\r\n\ntwo\nthree", limit: 100));
    }

    [Fact]
    public void Of_a_line_that_is_too_long_just_enough_is_kept_to_see_it()
    {
        Assert.Equal(["aaaaaa", "b"], Read(new string('a', 100_000) + "\nb\n", limit: 5));
    }

    [Fact]
    public void Bytes_that_are_no_text_come_through_as_they_are()
    {
        using var input = new MemoryStream([0xff, 0xfe, (byte)'\n']);

        Assert.Equal([0xff, 0xfe], Assert.Single(Utf8Lines.Read(input, 10)));
    }

    private static string[] Read(string text, int limit)
    {
        using var input = new MemoryStream(Encoding.UTF8.GetBytes(text));
        return [.. Utf8Lines.Read(input, limit).Select(Encoding.UTF8.GetString)];
    }
}
