using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Vla.Tests.Project;

/// <summary>Which native functions of TorchSharp compiled code can reach, found by reading its instructions.</summary>
/// <remarks>
/// From each call of TorchSharp on, through everything that TorchSharp calls itself: operators, properties, extension
/// methods. A call of a module's <c>forward</c> does not say which module; so the methods that a module overrides count
/// as called by whoever makes one.
/// </remarks>
internal sealed class NativeCalls : IDisposable
{
    private const string TorchSharp = "TorchSharp";

    private readonly DefaultAssemblyResolver _resolver = new();
    private readonly Dictionary<MethodDefinition, HashSet<string>> _known = [];
    private readonly string _directory;

    /// <param name="directory">Holds the assemblies and TorchSharp.</param>
    public NativeCalls(string directory)
    {
        _directory = directory;
        _resolver.AddSearchDirectory(directory);
        _resolver.AddSearchDirectory(Path.GetDirectoryName(typeof(object).Assembly.Location)!);
    }

    /// <summary>Every native function that an assembly's code can reach, with each place that reaches it.</summary>
    /// <param name="assembly">A file's name in the directory.</param>
    /// <returns>Places as "Type.Method calls TorchSharp's Type.Method", by native function.</returns>
    public ILookup<string, string> Of(string assembly)
    {
        var read = AssemblyDefinition.ReadAssembly(
            Path.Combine(_directory, assembly),
            new ReaderParameters { AssemblyResolver = _resolver }
        );
        return (
            from type in read.MainModule.Types.WithNested()
            from method in type.Methods
            from called in Called(method)
            from function in Reached(called)
            select (
                Function: function,
                Place: $"{type.FullName}.{method.Name} calls {called.DeclaringType.FullName}.{called.Name}"
            )
        )
            .Distinct()
            .ToLookup(found => found.Function, found => found.Place);
    }

    public void Dispose() => _resolver.Dispose();

    private static IEnumerable<MethodDefinition> Called(MethodDefinition method)
    {
        if (!method.HasBody)
            yield break;
        foreach (var instruction in method.Body.Instructions)
        {
            if (instruction.Operand is not MethodReference reference || !IsTorchSharp(reference.DeclaringType))
                continue;
            if (reference.Resolve() is not { } called)
                continue;
            yield return called;
            if (instruction.OpCode != OpCodes.Newobj)
                continue;
            foreach (var overriding in Overrides(called.DeclaringType))
                yield return overriding;
        }
    }

    private static bool IsTorchSharp(TypeReference type) =>
        type.GetElementType().Scope
            is AssemblyNameReference { Name: TorchSharp }
                or ModuleDefinition { Assembly.Name.Name: TorchSharp };

    private static IEnumerable<MethodDefinition> Overrides(TypeDefinition type)
    {
        const string Module = "TorchSharp.torch/nn/Module";
        var chain = new List<TypeDefinition>();
        for (var each = type; each is not null && IsTorchSharp(each); each = each.BaseType?.Resolve())
        {
            if (each.FullName == Module)
                return chain
                    .SelectMany(one => one.Methods)
                    .Where(method => method is { IsVirtual: true, HasBody: true });
            chain.Add(each);
        }

        return [];
    }

    private HashSet<string> Reached(MethodDefinition start)
    {
        if (_known.TryGetValue(start, out var known))
            return known;
        var functions = _known[start] = [];
        var seen = new HashSet<MethodDefinition> { start };
        var open = new Queue<MethodDefinition>(seen);
        while (open.TryDequeue(out var method))
        {
            if (method.IsPInvokeImpl)
                functions.Add(method.PInvokeInfo.EntryPoint ?? method.Name);
            foreach (var called in Called(method))
            {
                if (seen.Add(called))
                    open.Enqueue(called);
            }
        }

        return functions;
    }
}
