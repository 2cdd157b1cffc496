using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;
using Vla.Runtime.Registries;

namespace Vla.Runtime.Policies;

/// <summary>The kinds of policies that <c>--policy</c> can name.</summary>
internal static class PolicyRegistry
{
    private static readonly Registry<PolicySpec> Kinds = new([
        new("expert", PolicySpec.Expert.Read, "a script that knows the simulated world"),
        new("none", PolicySpec.Nobody.Read, "nothing: the robot holds still"),
        new("dll:FILE[#ARGUMENT]", PolicySpec.Library.Read, "your own policy"),
        .. WireProtocol.All.Select(protocol => new Kind<PolicySpec>(
            $"{protocol.Scheme}://HOST:PORT",
            PolicySpec.Server.Read,
            "a policy server"
        )),
        new("a policy DIR", PolicySpec.Directory.Read),
    ]);

    /// <summary>All forms and what they are, for the help of commands.</summary>
    public static string Help => Kinds.Help;

    /// <summary>What a text names; whatever is of no other kind is a directory.</summary>
    /// <param name="text">As given.</param>
    /// <param name="folder">Where relative paths in it count from.</param>
    /// <exception cref="UsageException">It is written wrongly.</exception>
    /// <exception cref="PolicyException">The address of a server is written wrongly.</exception>
    public static PolicySpec Parse(string text, string folder) => Find(text).RelativeTo(folder);

    /// <summary>What a text names, with paths as they stand.</summary>
    /// <exception cref="UsageException">It is written wrongly.</exception>
    /// <exception cref="PolicyException">The address of a server is written wrongly.</exception>
    public static PolicySpec Find(string text) => Kinds.Find(text)!;

    /// <summary>The same text with paths that hold wherever one is.</summary>
    public static string WithFullPaths(string text) => $"{Parse(text, Environment.CurrentDirectory)}";
}
