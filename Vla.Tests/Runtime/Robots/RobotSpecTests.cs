using Vla.Actors.Robots;
using Vla.Runtime;
using Vla.Runtime.Libraries;
using Vla.Runtime.Robots;

namespace Vla.Tests.Runtime.Robots;

public sealed class RobotSpecTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Each_kind_of_robot_is_told_by_its_text_with_paths_that_count_from_a_folder()
    {
        File.WriteAllText(_folder.File("arm.json"), "{}");

        Assert.Equal(new RobotSpec.ProfileFile(_folder.File("arm.json")), Parse("arm.json"));
        Assert.Equal(new RobotSpec.World(File: null), Parse("world"));
        Assert.Equal(new RobotSpec.World(_folder.File("arm.json")), Parse("world?profile=arm.json"));
        Assert.Equal(Library("MyArm.dll", "", null), Parse("dll:MyArm.dll"));
        Assert.Equal(Library("MyArm.dll", "/dev/tty#1?x", null), Parse("dll:MyArm.dll#/dev/tty#1?x"));
        Assert.Equal(Library("bin/MyArm.dll", "a", "arm.json"), Parse("dll:bin/MyArm.dll?profile=arm.json#a"));
    }

    [Theory]
    [InlineData("wrold")]
    [InlineData("so102:/dev/ttyACM0")]
    [InlineData("arms/none.json")]
    public void What_names_no_robot_and_no_file_is_answered_with_what_there_is(string text)
    {
        var error = Assert.Throws<RobotProfileException>(() => Parse(text));

        Assert.StartsWith(
            $"robot profile {_folder.File(text)} cannot be read: it is not there",
            error.Message,
            StringComparison.Ordinal
        );
        Assert.EndsWith(
            "give world[?profile=FILE], dll:FILE[?profile=FILE][#ARGUMENT], "
                + "so101:PORT-OR-NAME[?id=NAME][&scale=degrees|range][&rate=HZ], ws://HOST[:PORT][/PATH]?profile=FILE, "
                + "ros://HOST[:9090]?profile=FILE, mqtt://HOST[:1883][/TOPICS]?profile=FILE, lekiwi://HOST[:5555] or "
                + "the FILE of a robot profile",
            error.Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("dll:", "names no file")]
    [InlineData("dll:?profile=a.json", "names no file")]
    [InlineData("dll:MyArm.dll?profile=#x", "names no profile")]
    [InlineData("world?profile=", "use world?profile=FILE")]
    [InlineData("world?level=2", "use world?profile=FILE")]
    public void A_robot_that_is_written_wrongly_is_told_with_the_mend(string text, string message) =>
        Assert.Contains(message, Assert.Throws<UsageException>(() => Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void On_the_command_line_paths_count_from_where_the_user_is()
    {
        Assert.Equal(Path.GetFullPath("arm.json"), RobotRegistry.WithFullPaths("arm.json"));
        Assert.Equal("world", RobotRegistry.WithFullPaths("world"));
        Assert.Equal(
            $"dll:{Path.GetFullPath("MyArm.dll")}?profile={Path.GetFullPath("arm.json")}#/dev/ttyUSB0",
            RobotRegistry.WithFullPaths("dll:MyArm.dll?profile=arm.json#/dev/ttyUSB0")
        );
    }

    private RobotSpec Parse(string text) => RobotRegistry.Parse(text, _folder.Path);

    private RobotSpec.Library Library(string file, string argument, string? profile) =>
        new(new LibraryName(_folder.File(file), argument, profile is null ? null : _folder.File(profile)));
}
