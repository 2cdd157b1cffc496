using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Vla.Tests;

/// <summary>Makes a library of a text, as somebody's build would.</summary>
internal static class CompiledCode
{
    private const string ImplicitUsings =
        "global using System; global using System.IO; global using System.Linq; global using System.Threading; "
        + "global using System.Threading.Tasks; global using System.Collections.Generic;";

    /// <summary>Read once: there are hundreds.</summary>
    private static readonly Lazy<IReadOnlyList<(string Name, MetadataReference Reference)>> OfThisProcess = new(() =>
        [
            .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
                .Split(Path.PathSeparator)
                .Select(path =>
                    (Path.GetFileNameWithoutExtension(path), (MetadataReference)MetadataReference.CreateFromFile(path))
                ),
        ]
    );

    /// <inheritdoc cref="Write(IEnumerable{string}, string, IEnumerable{MetadataReference}, string[])"/>
    public static string Write(
        string code,
        string file,
        IEnumerable<MetadataReference>? others = null,
        string[]? without = null
    ) => Write([code], file, others, without);

    /// <param name="files">C#, the text of each file.</param>
    /// <param name="file">The library; its name is the assembly's.</param>
    /// <param name="others">Further libraries that the code needs; null for those that this process has.</param>
    /// <param name="without">Left out of the references: names of libraries that the code shall not find here.</param>
    public static string Write(
        IEnumerable<string> files,
        string file,
        IEnumerable<MetadataReference>? others = null,
        string[]? without = null
    )
    {
        var references = OfThisProcess
            .Value.Where(entry => without?.Contains(entry.Name) != true)
            .Select(entry => entry.Reference);
        var compilation = CSharpCompilation.Create(
            Path.GetFileNameWithoutExtension(file),
            [.. files.Prepend(ImplicitUsings).Select(text => CSharpSyntaxTree.ParseText(text))],
            [.. references, .. others ?? []],
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary,
                nullableContextOptions: NullableContextOptions.Enable
            )
        );
        Assert.Empty(
            compilation.Emit(file).Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)
        );
        return file;
    }
}
