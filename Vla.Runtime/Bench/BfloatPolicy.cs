using System.Text.Json;
using System.Text.Json.Nodes;
using Vla.Actors.Policies;

namespace Vla.Runtime.Bench;

/// <summary>A policy with its precision set to bfloat16 and nothing else changed, in a folder that goes away again.</summary>
internal sealed class BfloatPolicy : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("vla-bench-");

    private BfloatPolicy()
    {
    }

    /// <summary>The policy; null when it cannot be had.</summary>
    public Policy? Policy { get; private set; }

    /// <summary>Why there is none, in the words of whoever refused it.</summary>
    public string? Problem { get; private set; }

    public static BfloatPolicy TryMake(Policy original)
    {
        var made = new BfloatPolicy();
        try
        {
            foreach (var file in Directory.EnumerateFiles(original.Directory))
                File.Copy(file, Path.Combine(made._folder.FullName, Path.GetFileName(file)));
            var path = Path.Combine(made._folder.FullName, Policy.ConfigFile);
            var options = new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };
            var config = JsonNode.Parse(File.ReadAllBytes(path), documentOptions: options)!;
            config["precision"] = "bfloat16";
            File.WriteAllText(path, config.ToJsonString());
            made.Policy = Policy.Load(made._folder.FullName);
        }
        catch (PolicyException exception)
        {
            // The table has room for what is wrong; what would be right instead is no matter of the reader's.
            var folder = made._folder.FullName + Path.DirectorySeparatorChar;
            made.Problem = exception.Message.Replace(folder, "", StringComparison.Ordinal).Split(';')[0];
        }

        return made;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
