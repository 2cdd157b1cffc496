using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using TorchSharp;
using Vla.Actors.Policies;

namespace Vla.Tests.Project;

/// <summary>
/// Numbers are given to Torch as scalars that somebody holds: of one that TorchSharp makes for the call alone, the
/// finalizer may run while Torch still reads it. With a collector that runs all the time one multiplication in 20,000
/// failed so.
/// </summary>
public sealed class ScalarTests
{
    // Opcodes that keep a value: stloc.0 to stloc.3, stloc.s, stfld, stsfld.
    private static readonly byte[] Keeps = [0x0A, 0x0B, 0x0C, 0x0D, 0x13, 0x7D, 0x80];

    private const byte Call = 0x28;
    private const int CallLength = 5;

    [Fact]
    public void No_number_is_written_into_a_call_of_Torch()
    {
        using var file = File.OpenRead(typeof(IPolicy).Assembly.Location);
        using var assembly = new PEReader(file);
        var metadata = assembly.GetMetadataReader();
        var conversions = Members(metadata, typeof(Scalar), method => method.Name == "op_Implicit");
        // A number that becomes a tensor by itself is one, with an owner.
        var operators = Members(
            metadata,
            typeof(torch.Tensor),
            method =>
                method.Name.StartsWith("op_", StringComparison.Ordinal)
                && method.Name != "op_Implicit"
                && method.GetParameters().Any(one => one.ParameterType.IsPrimitive)
        );
        Assert.NotEmpty(conversions);

        var found = new List<string>();
        foreach (var type in metadata.TypeDefinitions.Select(metadata.GetTypeDefinition))
        {
            foreach (
                var method in type.GetMethods()
                    .Select(metadata.GetMethodDefinition)
                    .Where(method => method.RelativeVirtualAddress != 0)
            )
            {
                var code = assembly.GetMethodBody(method.RelativeVirtualAddress).GetILBytes()!;
                if (Writes(code))
                    found.Add($"{metadata.GetString(type.Name)}.{metadata.GetString(method.Name)}");
            }
        }

        Assert.Empty(found);

        bool Writes(byte[] code) =>
            Enumerable
                .Range(0, Math.Max(0, code.Length - CallLength))
                .Where(at => code[at] == Call)
                .Any(at =>
                {
                    var token = BitConverter.ToInt32(code, at + 1);
                    return operators.Contains(token)
                        || (conversions.Contains(token) && !Keeps.Contains(code[at + CallLength]));
                });
    }

    private static HashSet<int> Members(MetadataReader metadata, Type type, Func<MethodBase, bool> wanted)
    {
        var module = typeof(IPolicy).Assembly.ManifestModule;
        var members = new HashSet<int>();
        foreach (var handle in metadata.MemberReferences)
        {
            var member = metadata.GetMemberReference(handle);
            if (member.Parent.Kind != HandleKind.TypeReference || member.GetKind() != MemberReferenceKind.Method)
                continue;
            var token = MetadataTokens.GetToken(handle);
            if (
                metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)member.Parent).Name) == type.Name
                && module.ResolveMethod(token) is { } method
                && method.DeclaringType == type
                && wanted(method)
            )
            {
                members.Add(token);
            }
        }

        return members;
    }
}
