using Microsoft.CodeAnalysis;
using OpenCvSharp;
using Vla.Actors.Robots;
using Vla.Runtime;
using Vla.Runtime.Libraries;
using Vla.Runtime.Registries;
using Vla.Sensors.Cameras;
using Vla.Tests.Actors.Robots;

namespace Vla.Tests.Runtime.Libraries;

/// <summary>
/// Libraries that somebody else wrote, good and bad; each has a name of its own, since one that is loaded stays.
/// </summary>
public sealed class LibraryTests : IDisposable
{
    private const string Output =
        "public void Apply(Vla.Actors.Robots.PublishedAction action) { } public void Dispose() { }";

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_class_gets_what_its_constructor_asks_for()
    {
        var file = Write(
            "Asking",
            $$"""
            public sealed class Asking(string argument, TimeProvider time, Vla.Actors.Robots.RobotProfile profile)
                : Vla.Actors.Robots.IActionOutput
            {
                public string Name => $"{argument} {profile.Name} {time == TimeProvider.System}";
                {{Output}}
            }
            """
        );

        using var output = RobotLibrary.Load<IActionOutput>(
            new LibraryName(file, "a#b", null),
            Make.Profile(),
            TimeProvider.System
        );

        Assert.Equal("a#b test True", output.Name);
        var error = Assert.Throws<UsageException>(() =>
            RobotLibrary.Load<IActionOutput>(new LibraryName(file, "", null), null, TimeProvider.System)
        );
        Assert.Contains(
            "wants a RobotProfile, and none was given: give dll:FILE?profile=FILE",
            error.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void What_only_takes_actions_is_no_robot_and_is_told_where_it_belongs()
    {
        var file = Write(
            "OnlyTakes",
            $$"""public sealed class OnlyTakes : Vla.Actors.Robots.IActionOutput { public string Name => ""; """
                + $$"""{{Output}} }"""
        );

        Assert.Contains(
            "has no class that implements IRobot; its OnlyTakes only takes actions: give it with --output",
            Refusal<IRobot>(file),
            StringComparison.Ordinal
        );
        var error = Assert.Throws<CameraException>(() => CameraRegistry.Parse($"dll:{file}").Open(TimeProvider.System));
        Assert.Contains(
            "its OnlyTakes takes actions: give it with --robot or --output",
            error.Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("ThrowsAtOnce", "throw new IOException(\"the port\\nis busy\");", "cannot be made: the port is busy")]
    [InlineData(
        "WantsNative",
        "NoSuch();",
        "cannot be made: Unable to load shared library 'no-such-library' or one of its dependencies; put the native "
            + "library beside the .dll"
    )]
    [InlineData("StaticThrows", "Console.Write(Held.It);", "cannot be made: static trouble")]
    public void A_constructor_that_fails_is_told_in_one_line(string name, string body, string message)
    {
        var file = Write(
            name,
            $$"""
            using System.Runtime.InteropServices;
            public sealed class {{name}} : Vla.Actors.Robots.IActionOutput
            {
                public {{name}}() { {{body}} }
                [DllImport("no-such-library")] private static extern void NoSuch();
                public string Name => "";
                {{Output}}
            }
            internal static class Held
            {
                public static readonly string It = Throw();
                static string Throw() => throw new Exception("static trouble");
            }
            """
        );

        var refusal = Refusal<IActionOutput>(file);

        Assert.Contains(message, refusal, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal);
    }

    [Fact]
    public void A_constructor_that_does_not_come_back_is_given_up()
    {
        var file = Write(
            "NeverComes",
            """
            public sealed class NeverComes : Vla.Sensors.Cameras.ICamera
            {
                public NeverComes() => Thread.Sleep(Timeout.Infinite);
                public Vla.Sensors.Cameras.CameraDescription Description => null!;
                public long Read(OpenCvSharp.Mat picture) => 0;
                public void Dispose() { }
            }
            """
        );
        var request = new LibraryRequest(
            "camera",
            file,
            TimeSpan.FromMilliseconds(20),
            (why, inner) => new CameraException(why, inner)
        )
        {
            Arguments = new Dictionary<Type, object?>(),
        };

        var error = Assert.Throws<CameraException>(() => LibraryLoader.Load<ICamera>(request, _ => { }));

        Assert.Contains("cannot be made: its constructor has not returned", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_library_of_an_earlier_Vla_is_told_as_that_whatever_is_missing()
    {
        // What an earlier Vla had: the interface in another namespace, and one with fewer members.
        var earlier = CompiledCode.Write(
            """
            namespace Vla.Actors.Publishing { public interface IRobot : IDisposable { string Name { get; } } }
            namespace Vla.Actors.Robots
            {
                public class PublishedAction { }
                public interface IRobot : IDisposable { string Name { get; } void Apply(PublishedAction action); }
            }
            """,
            Path.Combine(Directory.CreateDirectory(_folder.File("earlier")).FullName, "Vla.Actors.dll"),
            without: ["Vla.Actors"]
        );
        MetadataReference[] against = [MetadataReference.CreateFromFile(earlier)];
        var moved = CompiledCode.Write(
            """public sealed class OfEarlier : Vla.Actors.Publishing.IRobot { public string Name => ""; """
                + """public void Dispose() { } }""",
            _folder.File("OfEarlier.dll"),
            against,
            without: ["Vla.Actors"]
        );
        var changed = CompiledCode.Write(
            """public sealed class WithFewer : Vla.Actors.Robots.IRobot { public string Name => ""; """
                + """public void Apply(Vla.Actors.Robots.PublishedAction action) { } public void Dispose() { } }""",
            _folder.File("WithFewer.dll"),
            against,
            without: ["Vla.Actors"]
        );

        foreach (var file in (string[])[moved, changed])
        {
            var refusal = Refusal<IActionOutput>(file);
            Assert.Contains("it was built against another version of Vla", refusal, StringComparison.Ordinal);
            Assert.Contains("build it again against this one", refusal, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', refusal);
        }
    }

    [Fact]
    public void A_file_that_is_missing_or_no_library_or_has_nothing_or_several_is_told()
    {
        File.WriteAllText(_folder.File("text.dll"), "no library");

        Assert.Contains("is not there: build it", Refusal<IRobot>(_folder.File("none.dll")), StringComparison.Ordinal);
        Assert.Contains("is not a .NET assembly", Refusal<IRobot>(_folder.File("text.dll")), StringComparison.Ordinal);
        Assert.Contains(
            "is not a .NET assembly",
            Refusal<IRobot>(
                typeof(object).Assembly.Location.Replace(
                    "System.Private.CoreLib.dll",
                    "libclrjit.so",
                    StringComparison.Ordinal
                )
            ),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "has no public class",
            Refusal<IRobot>(Write("HasNothing", "public class HasNothing { }")),
            StringComparison.Ordinal
        );
        var two = Write(
            "HasTwo",
            $$"""
            public sealed class One : Vla.Actors.Robots.IActionOutput { public string Name => ""; {{Output}} }
            public sealed class Two : Vla.Actors.Robots.IActionOutput { public string Name => ""; {{Output}} }
            """
        );
        Assert.Contains(
            "has several (One, Two): make one of them public",
            Refusal<IActionOutput>(two),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("GoodCamera", "picture.Create(4, 6, OpenCvSharp.MatType.CV_8UC3); return 1;", null)]
    [InlineData("EmptyCamera", "return 1;", "it gives an empty picture")]
    [InlineData(
        "GreyCamera",
        "picture.Create(4, 6, OpenCvSharp.MatType.CV_8UC1); return 1;",
        "they must be BGR, 8 bits, CV_8UC3"
    )]
    [InlineData(
        "FutureCamera",
        "picture.Create(4, 6, OpenCvSharp.MatType.CV_8UC3); return long.MaxValue;",
        "has not come yet"
    )]
    [InlineData(
        "ThrowingCamera",
        "throw new InvalidOperationException(\"the lens\\nfell off\");",
        "failed: the lens fell off"
    )]
    public void A_camera_of_a_library_gives_pictures_or_is_lost_with_the_reason(
        string name,
        string read,
        string? problem
    )
    {
        var file = Write(
            name,
            $$"""
            public sealed class {{name}}(string argument) : Vla.Sensors.Cameras.ICamera
            {
                public Vla.Sensors.Cameras.CameraDescription Description { get; } = new(argument, 6, 4, 30);
                public long Read(OpenCvSharp.Mat picture) { {{read}} }
                public void Dispose() => throw new Exception("never mind");
            }
            """
        );
        var source = CameraRegistry.Parse($"dll:{file}#secret");
        Assert.Equal($"dll:{file}", source.Name);
        using var camera = source.Open(TimeProvider.System);
        using var picture = new Mat();

        Assert.Equal(("secret", 6, 4), (camera.Description.Name, camera.Description.Width, camera.Description.Height));
        if (problem is null)
            Assert.Equal(1, camera.Read(picture));
        else
            Assert.Contains(
                problem,
                Assert.Throws<CameraLostException>(() => camera.Read(picture)).Message,
                StringComparison.Ordinal
            );
    }

    [Fact]
    public void A_profile_made_in_code_is_checked_as_one_in_a_file_is()
    {
        var dimension = new RobotDimension
        {
            Name = "x",
            Unit = "m",
            Minimum = -1,
            Maximum = 1,
            MaximumRate = 1,
            MaximumAcceleration = 1,
            Hold = HoldBehaviour.Zero,
        };

        Assert.Null(Make.Profile().Problem());
        Assert.Contains("0 dimensions", new RobotProfile("p", true, []).Problem(), StringComparison.Ordinal);
        Assert.Contains(
            "the name x",
            new RobotProfile("p", true, [dimension, dimension]).Problem(),
            StringComparison.Ordinal
        );
        foreach (
            var wrong in (RobotDimension[])
                [
                    dimension with
                    {
                        Unit = " ",
                    },
                    dimension with
                    {
                        Maximum = float.NaN,
                    },
                    dimension with
                    {
                        Minimum = 2,
                    },
                    dimension with
                    {
                        MaximumRate = 0,
                    },
                    dimension with
                    {
                        Minimum = 0.5f,
                    },
                    dimension with
                    {
                        Hold = HoldBehaviour.Keep,
                        Start = 3,
                    },
                    dimension with
                    {
                        Hold = HoldBehaviour.Keep,
                        Reach = float.NaN,
                    },
                ]
        )
        {
            Assert.NotNull(new RobotProfile("p", true, [wrong]).Problem());
        }
    }

    private string Write(string name, string code) => CompiledCode.Write(code, _folder.File(name + ".dll"));

    private static string Refusal<T>(string file)
        where T : class, IActionOutput =>
        Assert
            .Throws<UsageException>(() =>
                RobotLibrary.Load<T>(new LibraryName(file, "", null), Make.Profile(), TimeProvider.System)
            )
            .Message;
}
