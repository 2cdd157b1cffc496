using Vla.Actors.Robots;
using Vla.Runtime;
using Vla.Runtime.Outputs;
using Vla.Runtime.Robots;

namespace Vla.Tests.Runtime.Networks;

/// <summary>How robots and outputs on a network are named.</summary>
public sealed class NetworkAddressTests
{
    [Theory]
    [InlineData(
        "ws://arm:9000/drive?profile=arm.json&state=x,y:rad&rate=50",
        "ws://arm:9000/drive?profile={0}/arm.json&state=x,y:rad&rate=50"
    )]
    [InlineData(
        "wss://arm?profile=a%20b.json&key=k&ca=c&timeout=9",
        "wss://arm:443?profile={0}/a%20b.json&key={0}/k&ca={0}/c&timeout=9"
    )]
    public void A_robot_is_named_with_paths_that_count_from_a_folder_and_reads_itself_back(string text, string whole)
    {
        var spec = RobotRegistry.Parse(text, "/robots");

        Assert.Equal(string.Format(whole, "/robots"), $"{spec}");
        Assert.Equal(spec, RobotRegistry.Parse($"{spec}", "/elsewhere"));
        Assert.True(spec.MovesRobots);
    }

    [Theory]
    [InlineData("ws:", "is no address of this kind: use ws://HOST[:PORT][/PATH] (with TLS wss://) and ?profile=FILE&")]
    [InlineData("ws://", "is no address of this kind")]
    [InlineData("ws:///drive", "is no address of this kind")]
    [InlineData("ws://arm:0", "the port is 0; allowed is 1 to 65535")]
    [InlineData("ws://arm:70000", "is no address of this kind")]
    [InlineData("ws://arm?profil=x", "'profil' is no option of it; use ws://HOST")]
    [InlineData("ws://arm?profile=", "profile is ''; allowed is a file")]
    [InlineData("ws://arm?profile=a&profile=b", "says 'profile' twice")]
    [InlineData("ws://arm?rate=0", "rate is '0'; allowed is 0.1 to 10000")]
    [InlineData("ws://arm?rate=fast", "rate is 'fast'; allowed is")]
    [InlineData("ws://arm?timeout=0", "timeout is '0'; allowed is 1 to 60000, whole")]
    [InlineData("ws://arm?ca=c.pem", "has ca=FILE and speaks no TLS: begin it with wss://")]
    [InlineData("ws://me:secret@arm", "has a name or a password in its address")]
    public void One_that_is_written_wrongly_is_told_with_the_mend(string text, string said)
    {
        var error = Assert.Throws<UsageException>(() => RobotRegistry.Parse(text, "/"));

        Assert.Contains(said, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_output_has_no_profile_of_its_own()
    {
        Assert.Equal("ws://arm:80", $"{OutputRegistry.Parse("ws://arm")}");
        Assert.True(OutputRegistry.Parse("wss://arm/x").MovesRobots);
        Assert.Contains(
            "'profile' is no option of it; use ws://HOST[:PORT][/PATH] (with TLS wss://) and ?key=FILE&",
            Assert.Throws<UsageException>(() => OutputRegistry.Parse("ws://arm?profile=x")).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_robot_without_a_profile_is_told_that_it_needs_one()
    {
        var spec = RobotRegistry.Parse("ws://arm", "/");

        var error = Assert.Throws<UsageException>(() =>
            spec.Make(new RobotContext(() => throw new InvalidOperationException(), TimeProvider.System))
        );

        Assert.Contains("'ws://arm:80' needs its profile", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x,lift", "'lift' is no dimension of the robot profile 'tabletop'")]
    [InlineData("lift:", "'lift:' is no dimension")]
    [InlineData(",", "'' is no dimension")]
    [InlineData("x,x", "names 'x' twice")]
    public void What_it_is_to_tell_must_have_names_and_units(string state, string said)
    {
        var file = Repository.File("config/robots/tabletop.json");
        var spec = RobotRegistry.Parse($"ws://arm?profile={file}&state={state}", "/");

        var error = Assert.Throws<RobotProfileException>(() =>
        {
            var made = spec.Make(new RobotContext(() => throw new InvalidOperationException(), TimeProvider.System));
            RobotStates.ReaderOf(made.Robot!, made.Profile, TimeProvider.System, 20);
        });

        Assert.Contains(said, error.Message, StringComparison.Ordinal);
    }
}
