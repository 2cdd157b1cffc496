using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Vla.Actors.Policies;

namespace Vla.Tests.Actors.Policies;

/// <summary>Policies and checkpoints can be used without the actors.</summary>
public sealed class PolicyCodeTests
{
    private static readonly string[] Layers =
    [
        "Vla.Actors.Checkpoints",
        "Vla.Actors.Policies.Layers",
        "Vla.Actors.Policies.Act.Modules",
        "Vla.Actors.Policies.LeRobot",
        "Vla.Actors.Policies.OpenVla.Modules",
        "Vla.Actors.Policies.Rt1.Modules",
        "Vla.Actors.Policies.SmolVla.Modules",
        "Vla.Actors.Policies.Staged.Vision",
        "Vla.Actors.Policies.Staged.Language",
        "Vla.Actors.Policies.Staged.Fusion",
        "Vla.Actors.Policies.Staged.Decoding",
        "Vla.Actors.Policies.Staged.Kernels",
        "Vla.Actors.Policies.Tokenizing",
    ];

    [Fact]
    public void Modules_and_checkpoints_know_nothing_of_Akka()
    {
        using var file = File.OpenRead(typeof(IPolicy).Assembly.Location);
        using var assembly = new PEReader(file);
        var metadata = assembly.GetMetadataReader();

        var calls = metadata
            .TypeDefinitions.Select(metadata.GetTypeDefinition)
            .Where(type =>
                Layers.Any(layer => $"{NamespaceOf(metadata, type)}.".StartsWith($"{layer}.", StringComparison.Ordinal))
            )
            .SelectMany(type => type.GetMethods())
            .Select(method => metadata.GetMethodDefinition(method).RelativeVirtualAddress)
            .Where(address => address != 0)
            .SelectMany(address => Tokens(assembly.GetMethodBody(address).GetILBytes()!))
            .Select(token => NamespaceOf(metadata, token))
            .ToList();

        Assert.Contains("TorchSharp", calls);
        Assert.DoesNotContain(calls, name => name.StartsWith("Akka", StringComparison.Ordinal));
    }

    // Every four bytes that could be a reference to a type or member are looked up: some are not, none is overlooked.
    private static IEnumerable<EntityHandle> Tokens(byte[] il)
    {
        for (var i = 0; i + 4 <= il.Length; i++)
        {
            var token = BitConverter.ToInt32(il, i);
            if (token >>> 24 is 0x01 or 0x0a && (token & 0xffffff) != 0)
                yield return System.Reflection.Metadata.Ecma335.MetadataTokens.EntityHandle(token);
        }
    }

    private static string NamespaceOf(MetadataReader metadata, TypeDefinition type)
    {
        while (type.IsNested)
            type = metadata.GetTypeDefinition(type.GetDeclaringType());
        return metadata.GetString(type.Namespace);
    }

    private static string NamespaceOf(MetadataReader metadata, EntityHandle handle)
    {
        var row = System.Reflection.Metadata.Ecma335.MetadataTokens.GetRowNumber(handle);
        switch (handle.Kind)
        {
            case HandleKind.TypeReference when row <= metadata.TypeReferences.Count:
                var type = metadata.GetTypeReference((TypeReferenceHandle)handle);
                return type.ResolutionScope.Kind == HandleKind.TypeReference
                    ? NamespaceOf(metadata, type.ResolutionScope)
                    : metadata.GetString(type.Namespace);
            case HandleKind.MemberReference when row <= metadata.MemberReferences.Count:
                return NamespaceOf(metadata, metadata.GetMemberReference((MemberReferenceHandle)handle).Parent);
            default:
                return "";
        }
    }
}
