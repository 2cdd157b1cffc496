using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Vla.Runtime.Http;

namespace Vla.Tests.Runtime.Http;

public sealed class SameOriginOnlyTests
{
    [Theory]
    [InlineData("127.0.0.1:5080")]
    [InlineData("localhost:5080")]
    [InlineData("[::1]:5080")]
    public async Task Whoever_has_no_browser_is_let_through_on_loopback(string host) =>
        Assert.True(await Passes(true, host));

    [Theory]
    [InlineData("rebound.example:5080")]
    [InlineData("192.168.0.5:5080")]
    [InlineData("")]
    public async Task A_host_that_is_not_this_machine_is_refused_on_loopback(string host) =>
        Assert.False(await Passes(true, host));

    [Fact]
    public async Task Where_others_may_come_they_come_under_any_name() =>
        Assert.True(await Passes(false, "robot.example:5080"));

    [Theory]
    [InlineData("http://127.0.0.1:5080", true)]
    [InlineData("https://127.0.0.1:5080", true)]
    [InlineData("http://127.0.0.1:5081", false)]
    [InlineData("http://localhost:5080", false)]
    [InlineData("http://elsewhere.example", false)]
    [InlineData("ftp://127.0.0.1:5080", false)]
    [InlineData("null", false)]
    public async Task Posts_and_sockets_come_from_the_own_pages_only(string origin, bool passes)
    {
        Assert.Equal(passes, await Passes(true, "127.0.0.1:5080", ("Origin", origin)));
        Assert.Equal(
            passes,
            await Passes(
                false,
                "127.0.0.1:5080",
                ("Origin", origin),
                ("Connection", "Upgrade"),
                ("Upgrade", "websocket")
            )
        );
    }

    [Theory]
    [InlineData("same-origin", "no-cors", "image", true)]
    [InlineData("none", "navigate", "document", true)]
    [InlineData("cross-site", "navigate", "document", true)]
    [InlineData("cross-site", "no-cors", "image", false)]
    [InlineData("same-site", "no-cors", "script", false)]
    [InlineData("cross-site", "navigate", "iframe", false)]
    [InlineData("cross-site", "cors", "empty", false)]
    public async Task Pictures_scripts_and_frames_of_other_sites_are_refused_and_links_are_not(
        string site,
        string mode,
        string destination,
        bool passes
    ) =>
        Assert.Equal(
            passes,
            await Passes(
                true,
                "127.0.0.1:5080",
                ("Sec-Fetch-Site", site),
                ("Sec-Fetch-Mode", mode),
                ("Sec-Fetch-Dest", destination)
            )
        );

    [Fact]
    public async Task A_form_of_another_site_that_navigates_here_is_refused()
    {
        var context = Context(
            "127.0.0.1:5080",
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Mode", "navigate"),
            ("Sec-Fetch-Dest", "document")
        );
        context.Request.Method = "POST";

        Assert.False(await Passes(true, context));
    }

    private static Task<bool> Passes(bool loopback, string host, params (string Name, string Value)[] headers) =>
        Passes(loopback, Context(host, headers));

    private static async Task<bool> Passes(bool loopback, HttpContext context)
    {
        var passed = false;
        await new SameOriginOnly(loopback).Invoke(
            context,
            _ =>
            {
                passed = true;
                return Task.CompletedTask;
            }
        );
        Assert.Equal(passed ? StatusCodes.Status200OK : StatusCodes.Status403Forbidden, context.Response.StatusCode);
        return passed;
    }

    private static DefaultHttpContext Context(string host, params (string Name, string Value)[] headers)
    {
        var context = new DefaultHttpContext
        {
            RequestServices = new ServiceCollection().AddLogging().BuildServiceProvider(),
        };
        context.Request.Method = "GET";
        context.Request.Scheme = "http";
        context.Request.Host = new HostString(host);
        foreach (var (name, value) in headers)
            context.Request.Headers[name] = value;
        return context;
    }
}
