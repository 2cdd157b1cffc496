using System.Globalization;
using Vla.Actors.Robots;
using Vla.Runtime.Libraries;
using Vla.Runtime.Simulation;

namespace Vla.Runtime.Outputs;

/// <summary>
/// Where actions go, as given to <c>--output</c>. Each kind reads the texts that name it, and answers null to all
/// others.
/// </summary>
internal abstract record OutputSpec
{
    /// <summary>Whether it can move something real.</summary>
    public virtual bool MovesRobots => false;

    /// <summary>Whether it takes the whole terminal, where there is one.</summary>
    public virtual bool TakesScreen => false;

    /// <summary>Whether it writes to standard output, where it has no terminal to itself.</summary>
    public virtual bool UsesStandardOutput => false;

    /// <summary>The file that it writes; null for none.</summary>
    public virtual string? WrittenFile => null;

    /// <summary>Opens it.</summary>
    /// <exception cref="UsageException">It cannot be opened.</exception>
    public abstract IActionOutput Open(OutputContext context);

    /// <summary>A live view in the terminal.</summary>
    public sealed record Console : OutputSpec
    {
        public override bool TakesScreen => true;

        public override bool UsesStandardOutput => true;

        public static Console? Read(string text) => text == "console" ? new Console() : null;

        public override IActionOutput Open(OutputContext context) =>
            new ConsoleRobot(context.Profile, context.Snapshot, context.Screen, System.Console.Out);
    }

    /// <summary>The arm of the simulated tabletop.</summary>
    public sealed record World : OutputSpec
    {
        public static World? Read(string text) => text == "world" ? new World() : null;

        public override IActionOutput Open(OutputContext context) =>
            context.Tabletop?.Robot()
            ?? throw new UsageException(
                "output 'world' is the simulated arm, which is there only together with its camera: give --camera "
                    + "world too, or --robot world"
            );
    }

    /// <summary>A file with one JSON object in each line.</summary>
    public sealed record JsonLines(string File) : OutputSpec
    {
        private const string Prefix = "jsonl:";

        public override bool UsesStandardOutput => File == "/dev/stdout";

        public override string WrittenFile => File;

        public static JsonLines? Read(string text)
        {
            if (!text.StartsWith(Prefix, StringComparison.Ordinal))
                return null;
            var file = text[Prefix.Length..];
            return file.Trim().Length > 0
                ? new JsonLines(file)
                : throw new UsageException($"output '{text}' names no file: use jsonl:FILE");
        }

        public override IActionOutput Open(OutputContext context)
        {
            var file = new JsonLinesRobot(File, context.Profile);
            file.Open();
            return file;
        }
    }

    /// <summary>One datagram for each action.</summary>
    public sealed record Udp(string Host, int Port) : OutputSpec
    {
        private const string Scheme = "udp://";

        public override bool MovesRobots => true;

        public override string ToString() => $"{Scheme}{(Host.Contains(':') ? $"[{Host}]" : Host)}:{Port}";

        public static Udp? Read(string text)
        {
            if (!text.StartsWith("udp:", StringComparison.Ordinal))
                return null;
            var address = text.StartsWith(Scheme, StringComparison.Ordinal) ? text[Scheme.Length..] : "";
            var colon = address.LastIndexOf(':');
            var host = colon < 0 ? "" : address[..colon];
            if (host.StartsWith('[') && host.EndsWith(']'))
                host = host[1..^1];
            if (Uri.CheckHostName(host) == UriHostNameType.Unknown)
                throw new UsageException($"output '{text}' needs a host and a port: use udp://HOST:PORT");
            var port = address[(colon + 1)..];
            return
                int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && number is > 0 and <= 65_535
                ? new Udp(host, number)
                : throw new UsageException($"output '{text}': the port is '{port}'; allowed is 1 to 65535");
        }

        public override IActionOutput Open(OutputContext context) => new UdpRobot(Host, Port, context.Profile);
    }

    /// <summary>An output, or a robot, of the user's own, in an assembly.</summary>
    public sealed record Library(string File, string Argument) : OutputSpec
    {
        public override bool MovesRobots => true;

        public override string ToString() => new LibraryName(File, Argument, null).ToString();

        public static Library? Read(string text) =>
            LibraryName.Read(text, takesProfile: false, why => new UsageException($"output {why}")) is { } name
                ? new Library(name.File, name.Argument)
                : null;

        public override IActionOutput Open(OutputContext context) =>
            RobotLibrary.Load<IActionOutput>(new LibraryName(File, Argument, null), context.Profile, context.Time);
    }
}

/// <summary>What outputs are opened with.</summary>
/// <param name="Profile">Names and limits of the actions.</param>
/// <param name="Snapshot">What the live view shows besides the action.</param>
/// <param name="Screen">The terminal; null when there is none.</param>
/// <param name="Time">The clock.</param>
/// <param name="Tabletop">The simulated world; null when there is none.</param>
internal sealed record OutputContext(
    RobotProfile Profile,
    Func<ConsoleSnapshot> Snapshot,
    ConsoleScreen? Screen,
    TimeProvider Time,
    SimulatedTabletop? Tabletop = null
);
