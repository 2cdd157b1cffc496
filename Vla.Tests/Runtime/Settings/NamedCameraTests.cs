using Vla.Runtime;
using Vla.Runtime.Settings;
using Vla.Sensors.Cameras;
using Vla.Sensors.Simulation;

namespace Vla.Tests.Runtime.Settings;

public sealed class NamedCameraTests
{
    [Theory]
    [InlineData("0", "front", "0")]
    [InlineData("wrist=/dev/video2?size=640x480", "wrist", "/dev/video2?size=640x480")]
    [InlineData("0?size=640x480", "front", "0?size=640x480")]
    [InlineData("./a=b.mp4", "front", "./a=b.mp4")]
    [InlineData("clip.mp4?loop=1", "front", "clip.mp4?loop=1")]
    [InlineData("http://host/?a=b", "front", "http://host/?a=b")]
    [InlineData("left=http://host/?a=b", "left", "http://host/?a=b")]
    [InlineData("left=a=b", "left", "a=b")]
    public void A_name_stands_before_the_source(string text, string name, string source) =>
        Assert.Equal((name, source), NamedCamera.Split(text));

    [Theory]
    [InlineData("two cameras have the name 'front'", "0", "1")]
    [InlineData("two cameras have the name 'front'", "0", "front=world")]
    [InlineData("two cameras have the name 'wrist'", "wrist=0", "WRIST=1")]
    [InlineData("the name 'fro-nt': a name is 1 to 32 letters", "fro-nt=0")]
    [InlineData("the name '': a name is", "=0")]
    [InlineData("the name '0': a name is", "0=/dev/video0")]
    [InlineData("the name 'vorn links'", "vorn links=0")]
    [InlineData("has a name and no source", "wrist=")]
    [InlineData("9 cameras are given: at most 8", "a=0", "b=0", "c=0", "d=0", "e=0", "f=0", "g=0", "h=0", "i=0")]
    public void What_is_wrong_with_the_names_is_said_in_one_line(string expected, params string[] cameras)
    {
        var message = Assert.Throws<UsageException>(() => NamedCamera.ReadAll(cameras)).Message;

        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void An_unknown_option_is_the_sources_to_refuse() =>
        Assert.Contains(
            "unknown option 'speed'",
            Assert.Throws<CameraException>(() => NamedCamera.ReadAll(["front=0", "wrist=synthetic?speed=9"])).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void Without_a_camera_the_simulated_table_is_filmed_from_the_front()
    {
        var camera = Assert.Single(NamedCamera.ReadAll([]));

        Assert.Equal(("front", WorldView.Front), (camera.Name, Assert.IsType<WorldCameraSource>(camera.Source).View));
    }

    [Fact]
    public void Where_one_of_several_films_the_simulated_table_policy_and_robot_are_chosen_for_it()
    {
        var cameras = NamedCamera.ReadAll(["front=synthetic", "wrist=world-wrist"]);

        Assert.Equal(ProjectPaths.TabletopPolicy, AutoChoice.Policy(new VlaSettings(), NamedCamera.Deciding(cameras)));
    }
}
